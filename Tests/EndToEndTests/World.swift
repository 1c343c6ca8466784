import Foundation
import Native
import Synchronization
import Testing

/// A registry, a staging and a prod account of one test's own, the accounts folder about them, and a ledger.
///
/// The folder is the repository's own example with its numbers, queue and approver replaced, so that what is
/// tested is what people copy.
final class World: Sendable {
    static let endpoint = "demand-forecast"
    static let de = "demand-de.tar.gz"
    static let fr = "demand-fr.tar.gz"

    let aws: LocalAWS
    /// Everything the test writes; removed at the end.
    let folder: URL
    let registry: String
    let staging: String
    let prod: String
    let queue: String
    let worker: Identity
    let releaseManager: Identity
    let stranger: Identity
    /// The queue of prod's own worker and that worker's keys, where it has one.
    let own: (queue: String, worker: Identity)?
    private let workers = Mutex<[Worker]>([])
    private let scripts = Mutex<[Program]>([])
    private let database = Mutex<PostgresServer?>(nil)
    private let betweenDatabase = Mutex<PostgresProxy?>(nil)
    /// The stand-in's address for the workers alone, which a fault can shut.
    private let door = Mutex<String?>(nil)
    private let programs = Atomic<Int>(0)

    /// Makes a world, lets the test happen in it, and takes it down. The workers' logs are printed where the
    /// test throws.
    ///
    /// - Parameters:
    ///   - accounts: Which deployment accounts exist from the start.
    ///   - versioning: Whether the registry's bucket keeps the old versions of its objects.
    ///   - ownQueue: Whether prod has a queue of its own, so that a worker of its own drives it.
    ///   - postgres: Whether the ledger is in a PostgreSQL server of the world's own.
    ///   - ways: What can be broken on purpose between the workers and what they use.
    ///   - turnstile: Who waits here for room on the machine.
    static func with(
        accounts: [String] = ["staging", "prod"],
        versioning: Bool = false,
        ownQueue: Bool = false,
        postgres: Bool = false,
        ways: Set<Way> = [],
        turnstile: Turnstile = .shared,
        _ story: (World) async throws -> Void
    ) async throws {
        try await turnstile.pass {
            let world = try await World(accounts: accounts, versioning: versioning, ownQueue: ownQueue)
            do {
                if postgres { try await world.startServer() }
                if ways.contains(.toAWS) { try await world.openDoor() }
                if ways.contains(.toLedger) { try await world.startProxy() }
                try await story(world)
            } catch {
                await world.end()
                print("the workers' logs of a test that failed:\n\(world.logs)")
                throw error
            }
            await world.end()
        }
    }

    /// A way of the workers' that a test can break.
    enum Way: Sendable {
        case toAWS
        /// The ledger is in PostgreSQL then.
        case toLedger
    }

    private init(accounts: [String], versioning: Bool, ownQueue: Bool) async throws {
        aws = try LocalAWS()
        (registry, staging, prod) = (Self.number(), Self.number(), Self.number())
        let made = try await Self.make(
            aws,
            registry: registry,
            staging: staging,
            prod: prod,
            only: accounts,
            versioning: versioning,
            ownQueue: ownQueue
        )
        queue = try #require(made["queueUrl"]?.string)
        worker = try Identity(made["identities"]?["worker"])
        releaseManager = try Identity(made["identities"]?["releaseManager"])
        stranger = try Identity(made["identities"]?["stranger"])
        let last = made["accounts"]?.array?.last
        own = try last?["queueUrl"]?.string.map { ($0, try Identity(last?["identity"])) }
        folder = FileManager.default.temporaryDirectory.appending(path: "sluice-world-\(registry)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try copyAccounts()
    }

    private static func number() -> String { String(Int.random(in: 100_000_000_000...999_999_999_999)) }

    private static func make(
        _ aws: LocalAWS,
        registry: String,
        staging: String,
        prod: String,
        only names: [String],
        groups: [String] = groups,
        versioning: Bool = false,
        ownQueue: Bool = false
    ) async throws -> JSONValue {
        let accounts = [("staging", staging), ("prod", prod)].filter { names.contains($0.0) }
        return try await aws.post(
            "worlds",
            [
                "registry": .string(registry),
                "accounts": .array(
                    accounts.map {
                        [
                            "name": .string($0.0), "account": .string($0.1),
                            "queue": .bool(ownQueue && $0.0 == "prod"),
                        ]
                    }
                ),
                "groups": .array(groups.map(JSONValue.string)),
                "externalId": "acme",
                "versioning": .bool(versioning),
            ]
        )
    }

    /// The model package groups of the example accounts folder.
    static let groups = ["demand-de", "demand-fr"]

    /// Makes what the world still lacks of its two deployment accounts, and of these groups.
    func complete(groups: [String] = groups) async throws {
        _ = try await Self.make(
            aws,
            registry: registry,
            staging: staging,
            prod: prod,
            only: ["staging", "prod"],
            groups: groups
        )
    }

    private func copyAccounts() throws {
        let example = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../accounts")
        try FileManager.default.createDirectory(at: accounts, withIntermediateDirectories: true)
        for file in try FileManager.default.contentsOfDirectory(atPath: example.path) {
            let text = try String(contentsOf: example.appending(path: file), encoding: .utf8)
                .replacing("https://sqs.eu-west-1.amazonaws.com/111111111111/sluice", with: queue)
                .replacing("111111111111", with: registry)
                .replacing("222222222222", with: staging)
                .replacing("333333333333", with: prod)
                .replacing("AIDARELEASEMANAGER", with: releaseManager.id)
                .replacing("soak: 10m", with: "soak: 300ms")
            try text.write(to: accounts.appending(path: file), atomically: true, encoding: .utf8)
        }
    }

    private func end() async {
        for worker in workers.withLock({ $0 }) { await worker.kill() }
        for script in scripts.withLock({ $0 }) { script.send(SIGKILL) }
        await database.withLock { $0 }?.stop()
        await betweenDatabase.withLock { $0 }?.stop()
        if let door = door.withLock({ $0 }) { try? await aws.delete(Self.path(toDoor: door)) }
        // A person who wants to see what a failed test left behind sets this.
        if ProcessInfo.processInfo.environment["SLUICE_KEEP_WORLDS"] == nil {
            try? FileManager.default.removeItem(at: folder)
        }
    }

    var logs: String { workers.withLock { $0 }.map(\.log).joined(separator: "--- next worker ---\n") }

    // MARK: The accounts folder and programs

    var server: PostgresServer {
        get throws { try #require(database.withLock { $0 }, "the world has a PostgreSQL server") }
    }

    private func startServer() async throws {
        let server = try PostgresServer(in: folder)
        database.withLock { $0 = server }
        try await eventually("the PostgreSQL server runs") { (server.isReady ? true : nil, server.log) }
    }

    var proxy: PostgresProxy {
        get throws { try #require(betweenDatabase.withLock { $0 }, "there is a proxy before the ledger") }
    }

    private func startProxy() async throws {
        let proxy = try await PostgresProxy(in: folder)
        betweenDatabase.withLock { $0 = proxy }
        try await eventually("the proxy runs") { (proxy.isReady ? true : nil, proxy.log) }
    }

    private func openDoor() async throws {
        let url = try #require(try await aws.post("doors")["url"]?.string)
        door.withLock { $0 = url }
    }

    /// Lets the workers in again where a fault has shut their door.
    func openDoorAgain() async throws {
        let door = try #require(door.withLock { $0 }, "the workers have a door of their own")
        try await aws.post("\(Self.path(toDoor: door))/open")
    }

    private static func path(toDoor url: String) -> String {
        "doors/\(url.split(separator: ":").last ?? "")"
    }

    var accounts: URL { folder.appending(path: "accounts") }

    /// Puts a text in another's place in the accounts folder; it has to be there, so that no test plants nothing.
    func edit(_ file: String, _ old: String, _ new: String) throws {
        let path = accounts.appending(path: file)
        let text = try String(contentsOf: path, encoding: .utf8)
        try #require(text.contains(old), "\(file) has the text \(old)")
        try text.replacing(old, with: new).write(to: path, atomically: true, encoding: .utf8)
    }

    /// Starts a worker, and waits until its ledger can be read.
    ///
    /// - Parameter environment: Where it finds its credentials, if it is not to be given any.
    func startWorker(
        _ arguments: String...,
        as identity: Identity? = nil,
        environment: [String: String]? = nil
    ) async throws -> Worker {
        let worker = Worker(
            try start(
                ["worker", "--tick", "200ms", "--resync", "2s"] + arguments,
                as: environment == nil ? identity ?? worker : nil,
                name: "worker",
                environment: environment ?? [:]
            )
        )
        workers.withLock { $0.append(worker) }
        try await eventually("the worker has a ledger") {
            let outcome = try await sluice("releases")
            return (outcome.status == 0 ? true : nil, outcome.errors)
        }
        return worker
    }

    /// Stops the worker and starts another, which reads the accounts folder as it is now.
    func restartWorker() async throws -> Worker {
        await workers.withLock { $0.last }?.stop()
        return try await startWorker()
    }

    /// Takes the ledger away, as a lost disk would.
    func loseLedger() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where name.hasPrefix("ledger.sqlite") {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    /// Ends the worker the hard way, at whatever instant this is.
    func killWorker() async throws {
        let worker = try #require(workers.withLock { $0.last })
        await worker.kill()
        #expect(await worker.finish().status == -SIGKILL, "the worker lived until then")
    }

    /// Runs a command to its end.
    @discardableResult
    func sluice(_ arguments: String..., as identity: Identity? = nil) async throws -> Program.Outcome {
        try await run(arguments, as: identity)
    }

    func run(
        _ arguments: [String],
        as identity: Identity? = nil,
        environment: [String: String] = [:]
    ) async throws -> Program.Outcome {
        try await start(
            arguments,
            as: identity,
            name: arguments.first ?? "sluice",
            environment: environment
        ).finish()
    }

    /// Starts a script of a test's own, which lasts as long as the world.
    func serve(_ script: String, environment: [String: String] = [:]) throws -> Program {
        let program = try start(
            [],
            as: nil,
            name: "script",
            through: ["python3", "-uc", script],
            environment: environment
        )
        scripts.withLock { $0.append(program) }
        return program
    }

    /// Runs a worker to its end on a terminal of its own, both of its outputs together.
    func workOnATerminal(_ arguments: String...) async throws -> Program.Outcome {
        let terminal = """
            import os, pty, sys
            os.environ["TERM"] = "xterm"
            sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
            """
        return try await start(
            ["worker", "--tick", "200ms", "--resync", "2s"] + arguments,
            as: worker,
            name: "terminal",
            through: ["python3", "-c", terminal]
        ).finish()
    }

    /// Runs a command to its end on a terminal of its own, giving the next of the answers wherever it asks.
    func typing(
        _ answers: [String],
        _ arguments: [String],
        as identity: Identity? = nil
    ) async throws -> Program.Outcome {
        let terminal = """
            import json, os, pty, sys
            answers = json.loads(os.environ["ANSWERS"])
            child, terminal = pty.fork()
            if child == 0:
                os.execvp(sys.argv[1], sys.argv[1:])
            said = b""
            while True:
                try:
                    part = os.read(terminal, 4096)
                except OSError:
                    break  # It has ended.
                os.write(1, part)
                said += part
                if said.endswith(b": ") and answers:
                    os.write(terminal, answers.pop(0).encode() + b"\\n")
                    said = b""
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        return try await start(
            arguments,
            as: identity,
            name: "typing",
            through: ["python3", "-c", terminal],
            environment: ["ANSWERS": try JSONValue.array(answers.map(JSONValue.string)).text]
        ).finish()
    }

    /// Changes what a line of a release's journal says, as somebody could who may write to the ledger's file.
    func tamper(with release: String) async throws {
        let change = """
            import sqlite3, sys
            ledger = sqlite3.connect("ledger.sqlite")
            ledger.execute("DROP TRIGGER journal_is_written_once")
            ledger.execute("UPDATE journal SET text = 'all is well' WHERE id = (SELECT MAX(id) FROM journal "
                "WHERE release = ?)", (sys.argv[-1],))
            assert ledger.execute("SELECT changes()").fetchone() == (1,)
            ledger.commit()
            """
        let outcome = try await start([release], as: nil, name: "tamper", through: ["python3", "-c", change])
            .finish()
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private func start(
        _ arguments: [String],
        as identity: Identity?,
        name: String,
        through runner: [String] = [],
        environment more: [String: String] = [:]
    ) throws -> Program {
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "LD_LIBRARY_PATH"].contains($0.key)
        }
        var environment = inherited.merging(
            [
                "HOME": folder.path, "AWS_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL": (name == "worker" ? door.withLock { $0 } : nil) ?? aws.url,
                "SLUICE_LEDGER": betweenDatabase.withLock { $0 }?.url ?? database.withLock { $0 }?.url
                    ?? "sqlite:\(folder.path)/ledger.sqlite",
            ]
        ) { $1 }
        environment.merge(more) { $1 }
        if let identity {
            environment["AWS_ACCESS_KEY_ID"] = identity.accessKey
            environment["AWS_SECRET_ACCESS_KEY"] = identity.secret
        }
        let number = programs.add(1, ordering: .relaxed).newValue
        return try Program(
            arguments,
            environment: environment,
            in: folder,
            name: "\(number)-\(name)",
            through: runner
        )
    }

    // MARK: The registry

    /// A version in the registry and its archive.
    struct Version: Sendable {
        let arn: String
        let url: String
        let sha256: String
    }

    /// Registers a linear model as the next version of a group. The example's smoke test asks for a score of
    /// 0 to 100 for the row 1, 2, 3.
    ///
    /// - Parameter approver: Who approves it, as far as the registry tells.
    @discardableResult
    func register(
        _ group: String,
        _ coefficients: [Double] = [1, 2, 0.5],
        approve: Bool = true,
        by approver: Identity? = nil
    ) async throws -> Version {
        var asked: [String: JSONValue] = [
            "account": .string(registry), "group": .string(group),
            "coefficients": .array(coefficients.map(JSONValue.number)), "approve": .bool(approve),
        ]
        if let approver { asked["by"] = .string(approver.id) }
        let made = try await aws.post("register", .object(asked))
        return Version(
            arn: try #require(made["arn"]?.string),
            url: try #require(made["url"]?.string),
            sha256: try #require(made["sha256"]?.string)
        )
    }

    /// A model whose answer the smoke test does not accept.
    static let wild: [Double] = [1000, 1000, 1000]

    /// - Parameter quietly: The event is lost on its way.
    func set(_ version: Version, _ status: String, quietly: Bool = false) async throws {
        try await aws.post(
            "packages/status",
            ["arn": .string(version.arn), "status": .string(status), "quietly": .bool(quietly)]
        )
    }

    /// Delivers one event about a version as it is now, several times, as EventBridge may.
    func announce(_ version: Version, times: Int64) async throws {
        try await aws.post("packages/announce", ["arn": .string(version.arn), "times": .int(times)])
    }

    /// Puts a message on the worker's queue as if this sender had sent it.
    func send(_ body: String, from sender: Identity? = nil) async throws {
        var message: [String: JSONValue] = ["queueUrl": .string(queue), "body": .string(body)]
        if let sender { message["sender"] = .string(sender.id) }
        try await aws.post("messages", .object(message))
    }

    // MARK: Trouble on order

    /// Orders how the next creation or update of the endpoint in an account goes.
    func order(
        in account: String,
        outcome: String = "done",
        reason: String = "",
        seconds: Double? = nil
    ) async throws {
        var order: [String: JSONValue] = [
            "account": .string(account), "endpoint": .string(Self.endpoint), "outcome": .string(outcome),
            "reason": .string(reason),
        ]
        if let seconds { order["seconds"] = .number(seconds) }
        try await aws.post("endpoints/next", .object(order))
    }

    /// Lets calls made with an account's credentials fail, until mended or so many times.
    ///
    /// - Returns: What to mend.
    func fault(
        _ operation: String,
        _ code: String,
        in account: String,
        status: Int = 400,
        times: Int = -1
    ) async throws -> String {
        let made = try await aws.post(
            "faults",
            [
                "match": "^\(operation)$", "account": .string(account), "code": .string(code),
                "status": .int(Int64(status)), "times": .int(Int64(times)),
                "message": "User is not authorized to perform: \(operation)",
            ]
        )
        return try #require(made["id"]?.string)
    }

    func mend(_ fault: String) async throws { try await aws.delete("faults/\(fault)") }

    // MARK: Deciding

    @discardableResult
    func promote(_ release: Release, as identity: Identity? = nil) async throws -> Program.Outcome {
        try await sluice(
            "promote",
            release.id,
            "--stage",
            "prod",
            "--reason",
            "the holdout week looks right",
            "--wait",
            "--timeout",
            "120",
            as: identity ?? releaseManager
        )
    }

    /// Asks for an older version of the first model.
    func deploy(_ version: Version) async throws -> Program.Outcome {
        try await sluice(
            "deploy",
            Self.endpoint,
            "--model",
            "\(Self.de)=\(version.arn)",
            "--reason",
            "the older one was better",
            "--wait",
            as: releaseManager
        )
    }

    @discardableResult
    func retry(_ release: Release) async throws -> Program.Outcome {
        try await sluice(
            "retry",
            release.id,
            "--reason",
            "looked into it, it is fine",
            "--wait",
            as: releaseManager
        )
    }
}
