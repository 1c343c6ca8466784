import Native
import Testing

/// Endpoints that somebody else made, and the accounts folder lets Sluice take over.
@Suite(.enabled(if: LocalAWS.url != nil))
struct AdoptionTests {
    private static let capture: JSONValue = [
        "EnableCapture": true, "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://captures/here", "CaptureOptions": [["CaptureMode": "Input"]],
    ]
    private static let vpc: JSONValue = ["Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]]

    /// The first release changes what serves, and the releases after it keep all the rest as well.
    @Test func adoptionKeepsWhatTheAccountsFolderDoesNotSay() async throws {
        try await World.with { world in
            try world.adopt()
            try world.edit("demand-forecast.yaml", "ml.m5.large, count: 1", "ml.m5.large, count: 2")
            try world.edit(
                "demand-forecast.yaml",
                "  - stage: staging\n",
                "  - stage: staging\n    traffic: {canary: 50%, wait: 1s}\n"
            )
            try await world.makeForeignEndpoint(
                model: ["VpcConfig": Self.vpc, "EnableNetworkIsolation": true],
                config: ["DataCaptureConfig": Self.capture, "KmsKeyId": "their-key"],
                variant: [
                    "VariantName": "blue", "VolumeSizeInGB": 30,
                    "RoutingConfig": ["RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"],
                ]
            )
            try await world.aws.post("endpoints/scale", world.foreign(["count": 3]))
            let beginning = try await world.begin()
            #expect(try await world.served(in: world.staging) == beginning.served)
            try await expectKept(in: world)

            let (de, _) = try await world.next(2, "demand-de", [2, 2, 2])
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            try await expectKept(in: world)
        }
    }

    private func expectKept(in world: World) async throws {
        let staging = try await world.described(in: world.staging)
        let config = staging["asked"]?["config"]
        #expect(config?["DataCaptureConfig"] == Self.capture)
        #expect(config?["KmsKeyId"] == "their-key")
        let variant = config?["ProductionVariants"]?[0]
        #expect(variant?["VariantName"] == "blue")
        #expect(variant?["VolumeSizeInGB"] == 30)
        #expect(variant?["RoutingConfig"] == ["RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"])
        #expect(variant?["InstanceType"] == "ml.m5.large", "the accounts folder's own")
        let model = staging["asked"]?["model"]
        #expect(model?["VpcConfig"] == Self.vpc)
        #expect(model?["EnableNetworkIsolation"] == true)
        #expect(staging["variants"]?[0]?["CurrentInstanceCount"] == 3, "as automatic scaling left it")
        #expect(staging["tags"]?["sluice:endpoint"]?.string == World.endpoint)
        #expect(staging["history"]?.array?.last?["traffic"] == "CANARY", "the variant's name was kept")
    }

    @Test func theAccountsFoldersVolumeKeyTakesThePlaceOfTheirs() async throws {
        try await World.with { world in
            let own = "arn:aws:kms:eu-west-1:\(world.staging):key/11111111-2222-3333-4444-555555555555"
            try world.adopt()
            try world.edit(
                "demand-forecast.yaml",
                "  - stage: staging\n",
                "  - stage: staging\n    variant: {volumeKmsKey: \"\(own)\"}\n"
            )
            try await world.makeForeignEndpoint(config: ["KmsKeyId": "their-key"])
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
            let config = try await world.described(in: world.staging)["asked"]?["config"]
            #expect(config?["KmsKeyId"]?.string == own)
        }
    }

    /// What does not pass the smoke test was not taken over: what served serves again, and is still theirs.
    @Test func anAdoptionThatFailsGivesTheEndpointBack() async throws {
        try await World.with { world in
            try world.adopt()
            let theirs = try await world.makeForeignEndpoint()
            try await world.register("demand-de", World.wild)
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("\(theirs) serves again"))
            let staging = try #require(try await world.endpoint(in: world.staging))
            #expect(staging.config == theirs)
            #expect(staging.tags.isEmpty)
        }
    }

    /// Ways to serve that a release could neither test nor roll.
    enum Foreign: CaseIterable {
        case asynchronous, serverless, shadowed, severalVariants

        var obstacle: String {
            switch self {
            case .asynchronous: "it answers asynchronously"
            case .serverless: "its variant AllTraffic is serverless"
            case .shadowed: "it has shadow variants"
            case .severalVariants: "it has 2 production variants (AllTraffic, other)"
            }
        }

        var config: [String: JSONValue] {
            switch self {
            case .asynchronous:
                ["AsyncInferenceConfig": ["OutputConfig": ["S3OutputPath": "s3://answers/here"]]]
            case .serverless: [:]
            case .shadowed: ["ShadowProductionVariants": [variant("shadow")]]
            case .severalVariants: ["ProductionVariants": [variant("AllTraffic"), variant("other")]]
            }
        }

        var variant: [String: JSONValue] {
            self == .serverless ? ["ServerlessConfig": ["MemorySizeInMB": 2048, "MaxConcurrency": 5]] : [:]
        }

        private func variant(_ name: String) -> JSONValue {
            [
                "VariantName": .string(name), "ModelName": .string("\(World.endpoint)-by-hand"),
                "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            ]
        }
    }

    @Test(arguments: Foreign.allCases) func whatCannotBeCarriedOnIsRefused(_ foreign: Foreign) async throws {
        try await World.with { world in
            try world.adopt()
            let theirs = try await world.makeForeignEndpoint(
                config: foreign.config,
                variant: foreign.variant
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("cannot be adopted: \(foreign.obstacle)"))
            #expect(try await world.status().bars.isEmpty, "no model is to blame")
            let staging = try #require(try await world.endpoint(in: world.staging))
            #expect(staging.config == theirs)
            #expect(staging.updates == 0)
        }
    }
}

extension World {
    fileprivate func adopt() throws {
        try edit("demand-forecast.yaml", "kind: endpoint\n", "kind: endpoint\nadopt: true\n")
    }

    /// Somebody else's endpoint of our name in staging, in service.
    ///
    /// - Returns: The config it serves.
    @discardableResult
    func makeForeignEndpoint(
        model: [String: JSONValue] = [:],
        config: [String: JSONValue] = [:],
        variant: [String: JSONValue] = [:]
    ) async throws -> String {
        let artifact = try await aws.post(
            "artifacts",
            [
                "bucket": .string("acme-staging-models-\(staging)"), "key": "theirs/model.tar.gz",
                "model": ["coefficients": [1, 1, 1]],
            ]
        )
        let made = try await aws.post(
            "endpoints/create",
            foreign([
                "url": try #require(artifact["url"]), "model": .object(model), "config": .object(config),
                "variant": .object(variant),
            ])
        )
        try await eventually("their endpoint is in service") {
            let status = try await described(in: staging)["status"]
            return (status == "InService" ? true : nil, "\(status ?? .null)")
        }
        return try #require(made["config"]?.string)
    }

    /// An order about the endpoint in staging.
    fileprivate func foreign(_ order: [String: JSONValue]) -> JSONValue {
        .object(order.merging(["account": .string(staging), "endpoint": .string(Self.endpoint)]) { $1 })
    }
}
