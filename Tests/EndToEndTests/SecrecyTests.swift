import Foundation
import Native
import Testing

/// What is secret is written nowhere: no log, no ledger, no output of a command, no event.
@Suite(.enabled(if: LocalAWS.url != nil))
struct SecrecyTests {
    /// A credential that leaks into a log or the ledger is kept for years.
    @Test func noSecretIsWrittenAnywhere() async throws {
        try await World.with { world in
            try world.edit("prod.yaml", "externalId: acme", "externalId: another")
            _ = try await world.fault(
                "sagemaker.CreateModel",
                "AccessDeniedException",
                in: world.staging,
                times: 1
            )
            _ = try await world.fault("s3.CopyObject", "SlowDown", in: world.staging, status: 503, times: 1)
            try await world.register("demand-de")
            try await world.send("no JSON")
            let worker = try await world.startWorker("--log", "trace")
            let waiting = try await world.release(1, waitsAt: "prod")
            try await world.promote(waiting)
            try await world.promote(waiting, as: world.stranger)
            try await world.release(1, "is denied in prod") { $0.waitingFor.contains("AssumeRole") }
            await worker.stop()
            try await world.sluice("show", waiting.id)

            // Digests stand side by side in the ledger's file, and are no secrets.
            let written = try world.everythingWritten().replacing(/[0-9a-f]{64}/, with: " ")
            #expect(written.contains("AccessDenied"), "the failures are on record")
            for identity in [world.worker, world.releaseManager, world.stranger] {
                #expect(!written.contains(identity.secret))
            }
            // The stand-in's session tokens and signatures, by their shapes.
            #expect(!written.contains(/[A-Za-z0-9+\/]{100}/))
            #expect(!written.contains("ASIA"))
            #expect(!written.contains(/X-Amz-Signature|AWS4-HMAC|Authorization|SecurityToken|security-token/))
        }
    }

    /// Everything that can be asked of a ledger, in both forms.
    private static let reading = [
        ["status"], ["status", "--json"], ["status", World.endpoint], ["releases"], ["releases", "--json"],
        ["plan"],
        ["plan", "--json"], ["quarantine"], ["quarantine", "--json"], ["ledger", "verify"],
        ["ledger", "export"],
        ["show", "demand-forecast.0123456789"],
    ]

    /// A container is given a token to get a session with, and both are worth as much as keys.
    @Test func noTokenIsWrittenAnywhere() async throws {
        try await World.with { world in
            let heard = try await world.subscribe()
            let session = try await world.aws.post(
                "identities",
                ["account": .string(world.registry), "name": "sluice-worker", "session": true]
            )
            let keys = try ["secretAccessKey", "sessionToken"].map { try #require(session[$0]?.string) }
            let token = "sesame-of-the-container"
            // It quotes what it was given, and now and then does not answer as it should.
            let service = try world.serve(
                """
                import http.server, json, os
                class Service(http.server.BaseHTTPRequestHandler):
                    asked = 0
                    def do_GET(self):
                        Service.asked += 1
                        given = self.headers.get("Authorization")
                        status = 200 if given == os.environ["TOKEN"] and Service.asked > 1 else 500
                        body = os.environ["SESSION"] if status == 200 else f"{given}: not now"
                        self.send_response(status)
                        self.end_headers()
                        self.wfile.write(body.encode())
                    def log_message(self, *_): pass
                server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
                print(server.server_address[1])
                server.serve_forever()
                """,
                environment: [
                    "TOKEN": token,
                    "SESSION": try JSONValue.object([
                        "AccessKeyId": session["accessKeyId"] ?? "", "SecretAccessKey": .string(keys[0]),
                        "Token": .string(keys[1]), "Expiration": "2099-01-02T03:04:05Z",
                    ]).text,
                ]
            )
            let port = try await world.eventually("the service listens") {
                (Int(service.written.split(separator: "\n").first ?? ""), service.log)
            }
            // A service that doubts a call quotes it, token and all.
            for operation in ["sqs.ReceiveMessage", "sts.AssumeRole"] {
                try await world.aws.post(
                    "faults",
                    [
                        "match": .string("^\(operation)$"), "account": .string(world.registry), "times": 2,
                        "status": 403, "code": "UnrecognizedClientException",
                        "message": .string("\(keys[1]) and \(keys[0]) are no good"),
                    ]
                )
            }
            try await world.register("demand-de")
            let worker = try await world.startWorker(
                "--log",
                "trace",
                environment: [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(port)/keys",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
                ]
            )
            let release = try await world.release(1, waitsAt: "prod")
            try await world.promote(release)
            try await world.release(1, ends: "released")
            for command in Self.reading + [["show", release.id], ["show", release.id, "--json"]] {
                _ = try await world.run(command)
            }
            await worker.stop()
            let events = try await world.announced(on: heard)
            #expect(!events.isEmpty)
            let written = try world.everythingWritten() + events.map { try $0.text }.joined()
            #expect(written.contains("UnrecognizedClientException"), "the failures are on record")
            for secret in keys + [token] { #expect(!written.contains(secret)) }
            #expect(!written.contains(/Authorization|SecurityToken|security-token/))
        }
    }

    /// Whoever holds a presigned URL may do what it is for. What is in a message stays in the quarantine as it
    /// came, and nowhere else.
    @Test func noPresignedURLIsWrittenAnywhereElse() async throws {
        try await World.with { world in
            let heard = try await world.subscribe()
            let beginning = try await world.begin()
            let presigned =
                "https://acme.s3.amazonaws.com/m.tar.gz?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token=sesame1"
                + "&X-Amz-Signature=sesame2"
            try await world.aws.post(
                "packages",
                [
                    "account": .string(world.registry), "group": "demand-de", "status": "Approved",
                    "url": .string(presigned),
                ]
            )
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("https://acme.s3.amazonaws.com/m.tar.gz?…"))
            try await world.fault(
                "sagemaker.CreateModel",
                "ValidationException",
                quoting: presigned,
                in: world.staging
            )
            try await world.register("demand-de", [2, 2, 2])
            let refused = try await world.release(3, ends: "failed")
            #expect(refused.why.contains("m.tar.gz?…"))
            for command in Self.reading + [["show", failed.id, "--json"], ["show", refused.id]] {
                _ = try await world.run(command)
            }
            #expect(try !world.everythingWritten().contains(/sesame|X-Amz-/))

            let body = #"{"detail-type": "\#(presigned)", "account": "1", "detail": {}}"#
            try await world.send(body)
            let kept = try await world.eventually("it is quarantined") {
                (try await world.quarantine().first, "")
            }
            #expect(kept.body == body)
            #expect(kept.reason.contains("m.tar.gz?…"))
            let journal = try await world.sluice("ledger", "export").output
            #expect(journal.contains("quarantined"))
            let events = try await world.announced(on: heard).map { try $0.text }.joined()
            #expect(events.contains("m.tar.gz?"))
            for written in [journal, beginning.worker.log, events] {
                #expect(!written.contains(/sesame|X-Amz-/))
            }
        }
    }

    /// How a connection to a PostgreSQL ledger goes wrong.
    enum Connection: String, CaseIterable, Sendable {
        case nobodyListens, noSuchHost, refused, quoted, malformed, anotherScheme
    }

    /// A URL holds a password, and every command is given it.
    @Test(arguments: Connection.allCases)
    func noPasswordIsWrittenAnywhere(_ connection: Connection) async throws {
        try await World.with { world in
            let password = "sesame%21swordfish"
            var place = "127.0.0.1:1"
            if connection == .noSuchHost { place = "nowhere.invalid" }
            if [.refused, .quoted].contains(connection) {
                let server = try world.serve(
                    Self.server,
                    environment: ["QUOTES": connection == .quoted ? "1" : ""]
                )
                let port = try await world.eventually("the server listens") {
                    (Int(server.written.split(separator: "\n").first ?? ""), server.log)
                }
                place = "127.0.0.1:\(port)"
            }
            let ledger =
                switch connection {
                case .malformed: "postgresql://sluice:\(password)/@x@\(place)/sluice?sslmode=disable"
                case .anotherScheme: "postgres:sluice:\(password)@\(place)/sluice"
                default: "postgresql://sluice:\(password)@\(place)/sluice?sslmode=disable&connect_timeout=2"
                }
            let commands =
                Self.reading + [
                    ["worker", "--log", "trace"],
                    [
                        "promote", "demand-forecast.0123456789", "--stage", "prod", "--reason", "fine",
                        "--wait",
                    ],
                ]
            for command in commands {
                let outcome = try await world.run(command + ["--ledger", ledger], as: world.worker)
                #expect(outcome.status != 0, "\(command)")
                #expect(
                    !(outcome.output + outcome.errors).contains(/sesame|swordfish/),
                    "\(command): \(outcome)"
                )
                #expect(!outcome.errors.isEmpty, "\(command) says why")
            }
        }
    }

    /// A server that goes away in the middle of the work takes the connection along, and not the password.
    @Test(.enabled(if: PostgresServer.isPossible))
    func noPasswordIsWrittenWhereTheServerGoesAway() async throws {
        try await World.with(postgres: true) { world in
            let worker = try await world.startWorker("--log", "trace")
            let hold = try await world.hold("sagemaker.CreateModel", in: world.staging, .delayed)
            try await world.register("demand-de")
            try await world.arrives(hold)
            try world.server.crash()
            try await world.letGo(hold)
            try await world.eventually("the worker says that it cannot write") {
                (worker.log.contains("the ledger cannot be written") ? true : nil, worker.log)
            }
            for command in Self.reading { _ = try await world.run(command) }
            try world.server.comeBack()
            try await world.eventually("the server is back") {
                (try? await world.server.claimants(), "no answer")
            }
            let release = try await world.release(1, waitsAt: "prod")
            for command in Self.reading + [["show", release.id, "--json"]] {
                _ = try await world.run(command)
            }
            await worker.stop()
            #expect(try !world.everythingWritten().contains(PostgresServer.password))
        }
    }

    /// A PostgreSQL server that asks for the password in plain text and does not like it; it may say which it got.
    private static let server = """
        import os, socketserver, struct
        class Server(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(4096)
                self.request.sendall(b"R" + struct.pack(">ii", 8, 3))
                given = self.request.recv(4096)[5:-1].decode()
                said = f"password {given} is wrong" if os.environ["QUOTES"] else "password authentication failed"
                fields = f"SFATAL\\0C28P01\\0M{said}\\0\\0".encode()
                self.request.sendall(b"E" + struct.pack(">i", len(fields) + 4) + fields)
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
        print(server.server_address[1])
        server.serve_forever()
        """
}

extension World {
    /// Lets a call be refused once with words that hold something.
    fileprivate func fault(
        _ operation: String,
        _ code: String,
        quoting text: String,
        in account: String
    ) async throws {
        try await aws.post(
            "faults",
            [
                "match": .string("^\(operation)$"), "account": .string(account), "code": .string(code),
                "status": 400, "message": .string("Could not load \(text) now"),
            ]
        )
    }
}
