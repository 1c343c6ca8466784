import AWS
import Promotion

/// What deploying to one account needs, for the role that does it.
struct Deployment: Hashable {
    let account: AccountDocument
    /// The endpoints that are deployed there.
    let endpoints: [EndpointDocument]
    let artifacts: ArtifactSources

    /// - Parameter count: How many deployments share the role; the statements' names tell them apart.
    func statements(among count: Int) -> [Statement] {
        var statements = sageMaker + storage + keys + smoke + alarms
        if count > 1 {
            for index in statements.indices { statements[index].sid += account.name.asSID }
        }
        return statements
    }

    private var names: ResourceNames { account.names }

    private var sageMaker: [Statement] {
        let own = endpoints.map { "\(Names.beginning(of: $0.name))*" }
        let configs = own.flatMap { names.sageMaker("endpoint-config", $0) }
        let models = own.flatMap { names.sageMaker("model", $0) }
        let isAdopting = endpoints.contains(where: \.adopt)
        let calls: [AWSOperation] = [
            .createEndpoint, .describeEndpoint, .updateEndpoint, .deleteEndpoint, .listTags, .addTags,
        ]
        let invocation: [AWSOperation] = endpoints.contains { !$0.smoke.isEmpty } ? [.invokeEndpoint] : []
        return [
            Statement(
                "Endpoints",
                (calls + invocation).actions(on: .endpoint),
                on: endpoints.flatMap { names.sageMaker("endpoint", account.liveName(of: $0.name)) },
                because:
                    "The endpoints of the accounts folder are made, rolled, tested and, where one of ours has "
                    + "failed, made again."
            ),
            Statement(
                "EndpointConfigs",
                [.createEndpointConfig, .createEndpoint, .deleteEndpointConfig].actions(on: .endpointConfig),
                on: configs,
                because:
                    "Every attempt has a config of its own, whose name begins with the endpoint's; old ones "
                    + "are pruned."
            ),
            Statement(
                "LiveConfigs",
                [.updateEndpoint, .describeEndpointConfig, .listTags].actions(on: .endpointConfig),
                on: names.sageMaker("endpoint-config", "*"),
                because:
                    "What served before may be a config with somebody else's name: it has to be read, and "
                    + "gone back to."
            ),
            Statement(
                "Models",
                [.createModel, .deleteModel, .listTags].actions(on: .model)
                    + (isAdopting ? [] : [.describeModel].actions(on: .model)),
                on: models,
                because:
                    "Every release has a model, whose name begins with the endpoint's; old ones are pruned."
            ),
        ] + (isAdopting ? [adoption] : []) + [
            Statement(
                "PassExecutionRole",
                [.createModel].actions(on: .executionRole),
                on: [account.executionRole],
                condition: ["StringEquals": ["iam:PassedToService": ["sagemaker.amazonaws.com"]]],
                because: "SageMaker runs the models with this role, and gets no other one."
            ),
            Statement(
                "ListEndpoints",
                [.listEndpoints].actions(on: .everything),
                on: ["*"],
                because:
                    "AWS lets ListEndpoints be allowed on everything alone; one call says which updates ended."
            ),
        ]
    }

    private var adoption: Statement {
        Statement(
            "AdoptedModels",
            [AWSOperation.describeModel].actions(on: .model),
            on: names.sageMaker("model", "*"),
            because: "An endpoint that is adopted runs a model with somebody else's name, which is read."
        )
    }

    private var storage: [Statement] {
        let changing: [AWSOperation] = [
            .headObject, .copyObject, .createMultipartUpload, .uploadPartCopy, .completeMultipartUpload,
            .abortMultipartUpload, .listParts, .deleteObjects,
        ]
        return [
            Statement(
                "ModelObjects",
                changing.actions(on: .object, .source, .sourceVersion),
                on: [names.objects(below: account.models)],
                because: "Each release has its own copies below the model prefix, and old ones are pruned."
            ),
            Statement(
                "ModelBucket",
                [.headObject, .listObjects, .listMultipartUploads].actions(on: .bucket),
                on: [names.bucket(account.models.bucket)],
                because: "Copies and unfinished uploads are found again, and a missing object is told from a "
                    + "forbidden one."
            ),
            Statement(
                "Artifacts",
                [.headObject].actions(on: .object)
                    + [.copyObject, .uploadPartCopy].actions(on: .source, .sourceVersion),
                on: artifacts.objects(names),
                condition: artifacts.condition,
                because:
                    "Artifacts are read where the registry's packages say, in buckets of `artifactOwners`."
            ),
            Statement(
                "ArtifactBuckets",
                [.headObject].actions(on: .bucket),
                on: artifacts.buckets(names),
                condition: artifacts.condition,
                because:
                    "Whoever may not list a bucket is told that an artifact is forbidden where it is missing."
            ),
        ]
    }

    private var keys: [Statement] {
        var statements: [Statement] = []
        if let key = account.kmsKey {
            let copying: [AWSOperation] = [
                .headObject, .copyObject, .createMultipartUpload, .uploadPartCopy, .completeMultipartUpload,
            ]
            statements.append(
                Statement(
                    "CopiesKey",
                    copying.actions(on: .objectKey, .sourceKey),
                    on: [key],
                    condition: ["StringEquals": ["kms:ViaService": ["s3.\(account.region).amazonaws.com"]]],
                    because: "S3 encrypts the copies with `kmsKey`, and reads them for the next release's."
                )
            )
        }
        let volumes = endpoints.compactMap { $0.stage(ofAccount: account.name)?.variant.volumeKmsKey }
        if !volumes.isEmpty {
            statements.append(
                Statement(
                    "VolumesKey",
                    [.createEndpoint, .updateEndpoint].actions(on: .volumeKey),
                    on: volumes,
                    condition: ["Bool": ["kms:GrantIsForAWSResource": ["true"]]],
                    because: "SageMaker encrypts the instances' volumes with `volumeKmsKey`."
                )
            )
        }
        return statements
    }

    /// The objects that smoke tests read.
    var testObjects: [SmokeTest.S3Object] {
        endpoints.flatMap(\.smoke).compactMap { test in
            switch test.question {
            case .golden(let set): set.data
            case .requests(let requests):
                if case .object(let object) = requests.body { object } else { nil }
            }
        }.unique
    }

    private var smoke: [Statement] {
        let objects = testObjects
        guard !objects.isEmpty else { return [] }
        return [
            Statement(
                "TestObjects",
                [.getObject].actions(on: .object),
                on: objects.map { "\(names.bucket($0.bucket))/\($0.key)" },
                because: "Smoke tests ask with what `golden` and `bodyFrom` name."
            ),
            Statement(
                "TestBuckets",
                [.getObject].actions(on: .bucket),
                on: objects.map { names.bucket($0.bucket) },
                because:
                    "Whoever may not list a bucket is told that an object is forbidden where it is missing."
            ),
        ]
    }

    /// The alarms that gates look at here: those of a stage's gate, there and in the stage before, which soaks.
    var gateAlarms: [String] {
        endpoints.flatMap { endpoint in
            let stages = endpoint.stages
            return stages.indices.filter { stages[$0].accounts.contains { $0.name == account.name } }
                .flatMap { index in
                    stages[index].gate.alarms
                        + (index + 1 < stages.count ? stages[index + 1].gate.alarms : [])
                }
        }.unique
    }

    private var alarms: [Statement] {
        guard !gateAlarms.isEmpty else { return [] }
        return [
            Statement(
                "Alarms",
                [.describeAlarms].actions(on: .everything),
                on: ["*"],
                because: "Gates look at alarms, and AWS shows composite ones only to who may see all."
            )
        ]
    }
}

extension AccountsFolder {
    func deployments(artifacts: ArtifactSources) -> [Deployment] {
        accounts.map { account in
            Deployment(
                account: account,
                endpoints: endpoints.filter { $0.stage(ofAccount: account.name) != nil },
                artifacts: artifacts
            )
        }
    }
}

extension String {
    /// The text as a part of a statement's name, which IAM lets be of letters and digits alone: `ProdEu`.
    var asSID: String {
        split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
