import Foundation
import Native
import Promotion
import TestTools
import Worker

/// What AWS is to the workers: the registry, the queues, and what is in each account. Only the calls that the
/// worker makes are there.
final class SimulatedAWS {
    /// Stands in every secret, so that one that leaks is found.
    static let secret = "SESAME"

    struct Session {
        let account: String
        let expires: Int64
    }

    struct Package {
        let group: String
        let version: Int
        var status: String
        let createdAt: Int64
        var modifiedAt: Int64
        let artifact: String
        /// When its status changed last to one that is not `Approved`.
        var withdrawnAt: Int64 = .max

        var arn: String {
            "arn:aws:sagemaker:eu-west-1:\(SimulatedAWS.registry):model-package/\(group)/\(version)"
        }
    }

    struct Message {
        let id: String
        let body: String
        let sender: String
        var visibleAt: Int64
        var receipts = 0
        var handle = ""
    }

    struct Object {
        var content: String
        let number: Int
        /// What S3 says that it is, where that is something else.
        var pretended: String?

        var etag: String { "\"etag-\(number)\"" }
        var size: Int { 1000 + (pretended ?? content).utf8.count }
        var sum: String { Data((try? Digest.sha256(pretended ?? content)) ?? []).base64EncodedString() }
    }

    struct Model {
        let url: String
        let fields: [String: Any]
        var tags: [String: String]
    }

    struct Config {
        let model: String
        let fields: [String: Any]
        var tags: [String: String]
    }

    struct Endpoint {
        enum Course { case good, silent, reason(String) }

        var config: String
        var pending: String?
        /// What was asked for last.
        var asked: String
        var status: String
        var until: Int64
        var course = Course.good
        var modifiedAt: Int64
        let createdAt: Int64
        var failure: String?
        var tags: [String: String]
        /// Every config that was live, in order.
        var history: [String] = []
    }

    /// One deployment account.
    struct Account {
        var models: [String: Model] = [:]
        var configs: [String: Config] = [:]
        var endpoints: [String: Endpoint] = [:]
    }

    static let registry = "111111111111"

    /// The workers' own access keys, by the account they run in.
    private var baseKeys: [String: String] = [:]
    private var keys = 0
    var sessions: [String: Session] = [:]
    /// Which worker has proven to be in which account.
    var proven: Set<String> = []
    var packages: [String: Package] = [:]
    /// Packages that were deleted, as they were last.
    var gone: [String: Package] = [:]
    /// The messages by the queue's URL.
    var queues: [String: [Message]] = [:]
    var accounts: [String: Account] = [:]
    /// Bucket → whose it is.
    var owners: [String: String] = [:]
    /// `bucket/key` → what is there.
    var objects: [String: Object] = [:]
    /// What becomes of the next updates, by account.
    var courses: [String: [Endpoint.Course]] = [:]
    var events = 0

    init(_ scene: Scene) {
        for part in scene.parts {
            let key = part.account == Self.registry ? "AKIA0" : "AKIA\(part.account)"
            baseKeys[part.account] = key
            sessions[key] = Session(account: part.account, expires: .max)
        }
        owners["registry"] = Self.registry
        for account in scene.settings.folder.accounts {
            accounts[account.account] = Account()
            owners[account.models.bucket] = account.account
        }
    }

    func baseKey(in account: String) -> String { baseKeys[account] ?? "" }

    func renewBaseKey(in account: String) {
        sessions[baseKey(in: account)] = nil
        keys += 1
        let key = "AKIA\(keys)"
        baseKeys[account] = key
        sessions[key] = Session(account: account, expires: .max)
    }

    /// What expires now without having said so.
    func expireSessions() {
        for key in sessions.keys where !baseKeys.values.contains(key) {
            sessions[key] = Session(account: "", expires: 0)
        }
    }

    // MARK: Calls

    /// Does what is asked and answers.
    func perform(_ request: Request, by worker: SimulatedWorker, in world: World) -> HTTPResponse {
        guard let session = sessions[request.signer], session.expires > world.now else {
            let text = "The security token included in the request is expired"
            return request.service == "s3" || request.service == "sts"
                ? .xmlRefusal("ExpiredToken", text, status: request.service == "s3" ? 400 : 403)
                : .refusal("ExpiredTokenException", text)
        }
        if request.isMutating, !proven.contains("\(worker.id) \(session.account)"),
            request.service != "events"
        {
            world.violate(10, "\(request.operation) in \(session.account) before GetCallerIdentity said so")
        }
        switch request.service {
        case "sts": return sts(request, session, worker, world)
        case "sqs": return sqs(request, session, worker, world)
        case "events":
            let entries = request.input["Entries"] as? [[String: Any]] ?? []
            for entry in entries where "\(entry)".contains(Self.secret) {
                world.violate(11, "an event holds a secret")
            }
            events += entries.count
            return .json(["Entries": entries.map { _ in ["EventId": "event"] }])
        case "s3": return s3(request, session, world)
        case "runtime": return invoke(request, session, worker, world)
        case "sagemaker":
            return request.operation.contains("ModelPackage")
                ? registry(request, session) : sageMaker(request, session.account, worker, world)
        default: return .refusal("UnknownOperationException", request.operation, status: 404)
        }
    }

    private func sts(
        _ request: Request,
        _ session: Session,
        _ worker: SimulatedWorker,
        _ world: World
    ) -> HTTPResponse {
        if request.operation == "GetCallerIdentity" {
            proven.insert("\(worker.id) \(session.account)")
            return .xml(
                "<R><GetCallerIdentityResult><Account>\(session.account)</Account><Arn>arn</Arn>"
                    + "<UserId>AROA:sluice</UserId></GetCallerIdentityResult></R>"
            )
        }
        let role = request.text("RoleArn")
        keys += 1
        let key = "ASIA\(keys)"
        let lifetime = 900_000 + Int64(keys % 3) * 900_000
        sessions[key] = Session(
            account: role.split(separator: ":").dropFirst(3).first.map(String.init) ?? "",
            expires: world.now + lifetime
        )
        let end = Date(timeIntervalSince1970: Double(world.now + lifetime) / 1000).formatted(.iso8601)
        return .xml(
            "<R><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:sluice</AssumedRoleId><Arn>\(role)</Arn>"
                + "</AssumedRoleUser><Credentials><AccessKeyId>\(key)</AccessKeyId>"
                + "<SecretAccessKey>\(Self.secret)</SecretAccessKey><SessionToken>t-\(Self.secret)</SessionToken>"
                + "<Expiration>\(end)</Expiration></Credentials></AssumeRoleResult></R>"
        )
    }

    // MARK: The queues

    var messages: [Message] { queues.values.flatMap(\.self) }

    func post(_ body: String, by sender: String, to queue: String, at time: Int64, _ number: Int) {
        let message = Message(id: "message-\(number)", body: body, sender: sender, visibleAt: time)
        queues[queue, default: []].append(message)
    }

    /// Whether a queue has anything to give now.
    func hasMessages(in queue: String, at now: Int64) -> Bool {
        queues[queue]?.contains { $0.visibleAt <= now } ?? false
    }

    private func sqs(
        _ request: Request,
        _ session: Session,
        _ worker: SimulatedWorker,
        _ world: World
    ) -> HTTPResponse {
        let url = request.text("QueueUrl")
        if request.operation == "SendMessage" { return send(request, to: url, worker, world) }
        guard url.contains("/\(session.account)/") else {
            return .refusal("AccessDenied", "\(session.account) may not read \(url)", status: 403)
        }
        var queue = queues[url] ?? []
        defer { queues[url] = queue }
        if request.operation == "DeleteMessageBatch" {
            for entry in request.input["Entries"] as? [[String: Any]] ?? [] {
                queue.removeAll { $0.handle == entry["ReceiptHandle"] as? String }
            }
            return .json(["Successful": []])
        }
        var found: [[String: Any]] = []
        for index in queue.indices where queue[index].visibleAt <= world.now && found.count < 10 {
            queue[index].receipts += 1
            queue[index].visibleAt = world.now + 30_000
            queue[index].handle = "\(queue[index].id)-\(queue[index].receipts)"
            found.append([
                "MessageId": queue[index].id, "ReceiptHandle": queue[index].handle, "Body": queue[index].body,
                "MD5OfBody": (try? Digest.hex(Digest.md5(queue[index].body))) ?? "",
                "Attributes": [
                    "SenderId": sender(of: queue[index], in: url, world),
                    "SentTimestamp": "\(world.now)",
                    "ApproximateReceiveCount": "\(queue[index].receipts)",
                ],
            ])
        }
        return .json(found.isEmpty ? [:] : ["Messages": found])
    }

    private func sender(of message: Message, in queue: String, _ world: World) -> String {
        switch world.fault {
        case .forgedSender: Scene.anna
        case .trustedStranger where message.body.contains("\"handoff\""):
            world.scene.settings.folder.accounts.first { $0.queue == queue }?.upstream.first
                .map { "\($0.person):sluice" } ?? message.sender
        default: message.sender
        }
    }

    /// Takes a message, whoever sends it: a queue's policy is no proof of who may hand over.
    private func send(_ request: Request, to queue: String, _ worker: SimulatedWorker, _ world: World)
        -> HTTPResponse
    {
        let body = request.text("MessageBody")
        let isItself = request.signer == baseKey(in: worker.site.part.account)
        let role = isItself ? worker.site.part.role : "AROADEPLOYMENT"
        Rules.handsOver(body, to: queue, worker, world)
        world.post(body, by: "\(role):sluice-\(worker.id)", to: queue)
        return .json([
            "MessageId": "message-\(world.name())",
            "MD5OfMessageBody": (try? Digest.hex(Digest.md5(body))) ?? "",
        ])
    }

    // MARK: The registry

    /// Whoever asks from another account has to name the group by its ARN.
    private func registry(_ request: Request, _ session: Session) -> HTTPResponse {
        if request.operation == "ListModelPackages" {
            let name = request.text("ModelPackageGroupName")
            guard session.account == Self.registry || name.contains(":\(Self.registry):") else {
                return .refusal("ValidationException", "there is no group \(name) in \(session.account)")
            }
            let group = name.split(separator: "/").last.map(String.init) ?? name
            let found = packages.values.filter { $0.group == group }.sorted { $0.version > $1.version }
            return .json(["ModelPackageSummaryList": found.map(Self.describe)])
        }
        let arn = request.text("ModelPackageName")
        guard let package = packages[arn] else {
            return .refusal("ValidationException", "ModelPackage \(arn) does not exist.")
        }
        var answer = Self.describe(package)
        answer["LastModifiedTime"] = Double(package.modifiedAt) / 1000
        answer["InferenceSpecification"] = [
            "Containers": [["Image": "image:1", "ModelDataUrl": package.artifact]]
        ]
        return .json(answer)
    }

    private static func describe(_ package: Package) -> [String: Any] {
        [
            "ModelPackageArn": package.arn, "ModelPackageGroupName": package.group,
            "ModelPackageVersion": package.version, "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": package.status, "CreationTime": Double(package.createdAt) / 1000,
        ]
    }

    // MARK: S3

    private func s3(_ request: Request, _ session: Session, _ world: World) -> HTTPResponse {
        guard let owner = owners[request.bucket] else {
            return .xmlRefusal("NoSuchBucket", request.bucket, status: 404)
        }
        if let expected = request.headers["x-amz-expected-bucket-owner"], expected != owner {
            return .xmlRefusal("AccessDenied", "Access Denied", status: 403)
        }
        let place = "\(request.bucket)/\(request.key)"
        switch request.operation {
        case "HeadObject":
            guard let object = objects[place] else { return HTTPResponse(status: 404) }
            return HTTPResponse(
                status: 200,
                headers: [
                    HTTPHeader("Content-Length", "\(object.size)"), HTTPHeader("ETag", object.etag),
                    HTTPHeader("x-amz-checksum-sha256", object.sum),
                    HTTPHeader("x-amz-checksum-type", "FULL_OBJECT"),
                ]
            )
        case "CopyObject":
            let source = (request.headers["x-amz-copy-source"] ?? "").removingPercentEncoding ?? ""
            if request.headers["if-none-match"] == "*", objects[place] != nil {
                return .xmlRefusal("PreconditionFailed", "there is one", status: 412)
            }
            guard let object = objects[source] else {
                return .xmlRefusal("NoSuchKey", "The specified key does not exist.", status: 404)
            }
            if let etag = request.headers["x-amz-copy-source-if-match"], etag != object.etag {
                return .xmlRefusal("PreconditionFailed", "it is another", status: 412)
            }
            let copy = Object(content: object.content, number: world.name(), pretended: object.pretended)
            objects[place] = copy
            return .xml(
                "<CopyObjectResult><ETag>\(copy.etag)</ETag><ChecksumType>FULL_OBJECT</ChecksumType>"
                    + "<ChecksumSHA256>\(copy.sum)</ChecksumSHA256></CopyObjectResult>"
            )
        case "ListObjectsV2":
            let prefix = "\(request.bucket)/\(request.query["prefix"] ?? "")"
            let keys = objects.keys.filter { $0.hasPrefix(prefix) }.sorted().map {
                "<Contents><Key>\($0.dropFirst(request.bucket.count + 1))</Key></Contents>"
            }
            return .xml("<ListBucketResult>\(keys.joined())</ListBucketResult>")
        case "DeleteObjects":
            let text = String(decoding: request.body, as: UTF8.self)
            for match in text.matches(of: /<Key>([^<]*)<\/Key>/) {
                let key = "\(request.bucket)/\(match.1)"
                objects[key] = nil
                Rules.removed(key, in: self, world)
            }
            return .xml("<DeleteResult></DeleteResult>")
        case "ListMultipartUploads": return .xml("<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        default: return .xmlRefusal("NotImplemented", request.operation, status: 501)
        }
    }

    // MARK: SageMaker

    private func sageMaker(
        _ request: Request,
        _ account: String,
        _ worker: SimulatedWorker,
        _ world: World
    ) -> HTTPResponse {
        settle(world)
        guard var here = accounts[account] else {
            return .refusal("AccessDeniedException", "not in \(account)")
        }
        defer { accounts[account] = here }
        let name = request.text("EndpointName")
        let configName = request.text("EndpointConfigName")
        let modelName = request.text("ModelName")
        func arn(_ kind: String, _ name: String) -> String {
            "arn:aws:sagemaker:eu-west-1:\(account):\(kind)/\(name)"
        }
        switch request.operation {
        case "CreateModel":
            guard here.models[modelName] == nil else {
                return .refusal("ValidationException", "Cannot create already existing model \(modelName)")
            }
            let container = request.input["PrimaryContainer"] as? [String: Any] ?? [:]
            here.models[modelName] = Model(
                url: container["ModelDataUrl"] as? String ?? "",
                fields: request.input.filter { $0.key != "Tags" },
                tags: Self.tags(request)
            )
            return .json(["ModelArn": arn("model", modelName)])
        case "DescribeModel":
            guard let model = here.models[modelName] else {
                return .refusal("ValidationException", "Could not find model \"\(modelName)\".")
            }
            return .json(model.fields.merging(["ModelArn": arn("model", modelName)]) { $1 })
        case "DeleteModel":
            Rules.removesModel(modelName, here, account, world)
            here.models[modelName] = nil
            return .json([:])
        case "CreateEndpointConfig":
            guard here.configs[configName] == nil else {
                let text = "Cannot create already existing endpoint configuration \(configName)"
                return .refusal("ValidationException", text)
            }
            let variants = request.input["ProductionVariants"] as? [[String: Any]] ?? []
            here.configs[configName] = Config(
                model: variants.first?["ModelName"] as? String ?? "",
                fields: request.input.filter { $0.key != "Tags" },
                tags: Self.tags(request)
            )
            return .json(["EndpointConfigArn": arn("endpoint-config", configName)])
        case "DescribeEndpointConfig":
            guard let config = here.configs[configName] else {
                let text = "Could not find endpoint configuration \"\(configName)\"."
                return .refusal("ValidationException", text)
            }
            return .json(
                config.fields.merging(["EndpointConfigArn": arn("endpoint-config", configName)]) { $1 }
            )
        case "DeleteEndpointConfig":
            for (name, endpoint) in here.endpoints
            where endpoint.config == configName || endpoint.pending == configName {
                world.violate(7, "config \(configName) was deleted while \(name) in \(account) needs it")
            }
            here.configs[configName] = nil
            return .json([:])
        case "CreateEndpoint":
            guard here.endpoints[name] == nil else {
                return .refusal("ValidationException", "Cannot create already existing endpoint \"\(name)\".")
            }
            Rules.switches(name, to: configName, in: account, here, worker, world)
            here.endpoints[name] = Endpoint(
                config: configName,
                pending: nil,
                asked: configName,
                status: "Creating",
                until: world.now + Int64(20_000 + world.chance.below(120_000)),
                course: course(in: account, world),
                modifiedAt: world.now,
                createdAt: world.now,
                tags: Self.tags(request)
            )
            return .json(["EndpointArn": arn("endpoint", name)])
        case "UpdateEndpoint":
            guard var endpoint = here.endpoints[name] else {
                return .refusal("ValidationException", "Could not find endpoint \"\(name)\".")
            }
            guard here.configs[configName] != nil else {
                let text = "Could not find endpoint configuration \"\(configName)\"."
                return .refusal("ValidationException", text)
            }
            Rules.switches(name, to: configName, in: account, here, worker, world)
            guard endpoint.status == "InService" else {
                return .refusal("ValidationException", "Cannot update in-progress endpoint \"\(name)\".")
            }
            endpoint.pending = configName
            endpoint.asked = configName
            endpoint.status = "Updating"
            endpoint.course = course(in: account, world)
            endpoint.until = world.now + Int64(20_000 + world.chance.below(180_000))
            endpoint.modifiedAt = world.now
            endpoint.failure = nil
            here.endpoints[name] = endpoint
            return .json(["EndpointArn": arn("endpoint", name)])
        case "DescribeEndpoint":
            guard var endpoint = here.endpoints[name] else {
                return .refusal("ValidationException", "Could not find endpoint \"\(name)\".")
            }
            if world.fault == .falseInService, endpoint.status == "InService" {
                endpoint.config = endpoint.asked
            }
            if world.fault == .staleDescription, endpoint.pending != nil {
                endpoint.pending = nil
                endpoint.status = "InService"
            }
            var answer: [String: Any] = [
                "EndpointName": name, "EndpointArn": arn("endpoint", name), "EndpointStatus": endpoint.status,
                "EndpointConfigName": endpoint.config, "CreationTime": Double(endpoint.createdAt) / 1000,
                "LastModifiedTime": Double(endpoint.modifiedAt) / 1000,
            ]
            answer["PendingDeploymentSummary"] = endpoint.pending.map { ["EndpointConfigName": $0] }
            answer["FailureReason"] = endpoint.failure
            return .json(answer)
        case "ListEndpoints":
            let found = here.endpoints.sorted { $0.key < $1.key }.map { name, endpoint in
                [
                    "EndpointName": name, "EndpointStatus": endpoint.status,
                    "LastModifiedTime": Double(endpoint.modifiedAt) / 1000,
                ] as [String: Any]
            }
            return .json(["Endpoints": found])
        case "DeleteEndpoint":
            guard let endpoint = here.endpoints[name] else {
                return .refusal("ValidationException", "Could not find endpoint \"\(name)\".")
            }
            if endpoint.status != "Failed" {
                world.violate(7, "endpoint \(name) in \(account) was deleted while it serves")
            }
            here.endpoints[name] = nil
            return .json([:])
        case "ListTags", "AddTags":
            let place = request.text("ResourceArn").split(separator: ":").last.map(String.init) ?? ""
            let name = place.split(separator: "/").last.map(String.init) ?? ""
            let found =
                switch place.prefix(while: { $0 != "/" }) {
                case "model": here.models[name]?.tags
                case "endpoint-config": here.configs[name]?.tags
                default: here.endpoints[name]?.tags
                }
            return .json([
                "Tags": (found ?? [:]).sorted { $0.key < $1.key }.map { ["Key": $0.key, "Value": $0.value] }
            ])
        default: return .refusal("UnknownOperationException", request.operation, status: 404)
        }
    }

    private static func tags(_ request: Request) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in request.input["Tags"] as? [[String: String]] ?? [] {
            tags[tag["Key"] ?? ""] = tag["Value"]
        }
        return tags
    }

    private func course(in account: String, _ world: World) -> Endpoint.Course {
        guard var planned = courses[account], !planned.isEmpty else { return .good }
        defer { courses[account] = planned }
        return planned.removeFirst()
    }

    /// The next moment at which an endpoint is done with what it does.
    var nextChange: Int64? {
        accounts.values.flatMap(\.endpoints.values).filter { $0.until > 0 && $0.status != "InService" }
            .map(\.until).filter { $0 < .max }.min()
    }

    /// Ends what has had its time.
    func settle(_ world: World) {
        for (number, account) in accounts.sorted(by: { $0.key < $1.key }) {
            for (name, endpoint) in account.endpoints.sorted(by: { $0.key < $1.key })
            where ["Creating", "Updating"].contains(endpoint.status) && endpoint.until <= world.now {
                var endpoint = endpoint
                let isNew = endpoint.status == "Creating"
                endpoint.status = "InService"
                switch endpoint.course {
                case .good:
                    endpoint.config = endpoint.pending ?? endpoint.config
                    endpoint.history.append(endpoint.config)
                case .silent, .reason:
                    if case .reason(let text) = endpoint.course { endpoint.failure = text }
                    if isNew { endpoint.status = "Failed" }
                }
                endpoint.pending = nil
                endpoint.until = .max
                endpoint.modifiedAt = world.now
                accounts[number]?.endpoints[name] = endpoint
                world.tell("\(name) in \(number) is \(endpoint.status) on \(endpoint.config)")
                world.announce(endpoint: name, in: number)
            }
        }
    }

    // MARK: Models that answer

    private func invoke(
        _ request: Request,
        _ session: Session,
        _ worker: SimulatedWorker,
        _ world: World
    ) -> HTTPResponse {
        let name = request.text("EndpointName")
        let target = request.headers["x-amzn-sagemaker-target-model"] ?? ""
        if world.fault == .deafTester { return .json(["predictions": [["score": 50]]]) }
        guard let content = content(of: target, at: name, in: session.account) else {
            return .refusal("ValidationError", "there is no model \(target) at \(name)")
        }
        let isGood = !content.contains("bad")
        world.rules.answered(target, at: name, in: session.account, isGood: isGood, to: worker.id, world)
        let score = isGood ? 50 : 500
        return .json(["predictions": [["score": score]]])
    }

    /// What a target model of a live endpoint is made of.
    func content(of target: String, at endpoint: String, in account: String) -> String? {
        guard let here = accounts[account], let live = here.endpoints[endpoint] else { return nil }
        return content(of: target, in: live.config, here)
    }

    func content(of target: String, in config: String, _ account: Account) -> String? {
        guard let model = account.configs[config].flatMap({ account.models[$0.model] }) else { return nil }
        return objects["\(model.url.dropFirst("s3://".count))\(target)"]?.content
    }
}
