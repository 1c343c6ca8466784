import Foundation
import Native
import Testing

/// Who this shell is to a queue, with credentials from each place they can come from.
@Suite(.enabled(if: LocalAWS.url != nil))
struct IdentityTests {
    @Test func aUserSeesTheirSenderIdAndWhatItMayDecide() async throws {
        try await World.with(accounts: []) { world in
            let outcome = try await world.sluice("whoami", as: world.releaseManager)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("account  \(world.registry)\n"))
            #expect(outcome.output.contains("sender   \(world.releaseManager.id)  (what SQS shows"))
            #expect(
                outcome.output.contains(
                    """
                    by accounts they may
                      demand-forecast, prod: promote and reject (as \(world.releaseManager.id))
                      demand-forecast: retry, roll back, hold, resume and deploy (as \(world.releaseManager.id))

                    """
                )
            )
            let stranger = try await world.sluice("whoami", as: world.stranger)
            #expect(stranger.output.contains("accounts names this sender nowhere"))
            let elsewhere = try await world.sluice("whoami", "--accounts", "nowhere", as: world.stranger)
            #expect(elsewhere.status == 3)
            try FileManager.default.removeItem(at: world.accounts)
            let alone = try await world.sluice("whoami", as: world.stranger)
            #expect(alone.status == 0)
            #expect(alone.output.contains("there is no accounts folder at accounts"))
        }
    }

    /// The pattern that is printed for a role is the one that the worker lets decide.
    @Test func whatIsPrintedForARoleCanBeWrittenIntoApprovers() async throws {
        try await World.with { world in
            let profile = try world.profile(
                "release",
                """
                [profile release]
                role_arn = arn:aws:iam::\(world.registry):role/release-managers
                source_profile = base
                role_session_name = ann
                [profile base]
                aws_access_key_id = \(world.stranger.accessKey)
                aws_secret_access_key = \(world.stranger.secret)
                """
            )
            let shown = try await world.run(["whoami", "--json"], environment: profile)
            try #require(shown.status == 0, "\(shown.errors)")
            let who = try JSONDocument(parsing: [UInt8](shown.output.utf8)).root
            #expect(who["kind"]?.string == "role")
            #expect(who["senderId"]?.string?.hasSuffix(":ann") == true)
            #expect(who["rights"]?.array?.isEmpty == true)
            let pattern = try #require(who["pattern"]?.string)
            try world.edit("demand-forecast.yaml", world.releaseManager.id, pattern)

            let rights = try await world.run(["whoami"], environment: profile)
            #expect(rights.output.contains("demand-forecast, prod: promote and reject (as \(pattern))"))
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let release = try await world.release(1, waitsAt: "prod")
            let promotion = try await world.run(
                ["promote", release.id, "--stage", "prod", "--reason", "it is right", "--wait"],
                environment: profile
            )
            #expect(promotion.status == 0, "\(promotion.errors)")
        }
    }

    /// Whose an id is, and whether its sessions are people, is looked up before anybody relies on it.
    @Test func theRoleBehindAPatternIsNamed() async throws {
        try await World.with { world in
            let roles = try await world.administer(world.registry, "iam", "ListRoles")["Roles"]?.array ?? []
            let role = try #require(roles.first { $0["RoleName"] == "release-managers" })
            let id = try #require(role["RoleId"]?.string)
            try world.edit(
                "demand-forecast.yaml",
                "approvers: [\"\(world.releaseManager.id)\"]",
                "approvers: [\"\(id):*\", \"AROANOBODYATALL:*\"]\n      namedSessions: [\"\(id)\"]"
            )
            let findings = try await world.examine().findings.filter { $0.check == "senders" }
            let arn = "arn:aws:iam::\(world.registry):role/release-managers"
            let named = try #require(findings.first { $0.text.contains(id) })
            #expect(named.verdict == "missing")
            #expect(
                named.text.hasPrefix("\(id) is \(arn), whose trust policy lets whoever assumes it choose")
            )
            let nobody = try #require(findings.first { $0.text.contains("AROANOBODYATALL") })
            #expect(nobody.verdict == "unknown")
            #expect(nobody.text.contains("is no role of \(world.registry), "))

            try await world.administer(
                world.registry,
                "iam",
                "UpdateAssumeRolePolicy",
                ["RoleName": "release-managers", "PolicyDocument": .string(Self.named(in: world.registry))]
            )
            let mended = try await world.examine().findings.first { $0.text.contains("\(id) is \(arn)") }
            #expect(mended?.verdict == "ok")
            #expect(mended?.text.contains("each session a person of its own") == true)
        }
    }

    private static func named(in account: String) -> String {
        """
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::\(account):root"}, "Action": "sts:AssumeRole",
          "Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}}]}
        """
    }

    @Test func aTokenOrAnInstanceStandsInForKeys() async throws {
        try await World.with(accounts: []) { world in
            let role = try await world.makePodRole()
            try "token".write(
                to: world.folder.appending(path: "token"),
                atomically: true,
                encoding: .utf8
            )
            var token = [
                "AWS_ROLE_ARN": try #require(role["Arn"]?.string),
                "AWS_WEB_IDENTITY_TOKEN_FILE": world.folder.appending(path: "token").path,
            ]
            let pod = try await world.run(["whoami"], environment: token)
            let id = try #require(role["RoleId"]?.string)
            #expect(pod.output.contains("sender   \(id):sluice  "), "\(pod.errors)")
            #expect(pod.output.contains("pattern  \(id):*  "))
            token["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token"
            let without = try await world.run(["whoami"], environment: token)
            #expect(without.status == 1)
            #expect(without.errors.contains("the token file /nowhere/token cannot be read"))

            let instance = try await world.run(["whoami"], environment: try await metadata(of: world))
            #expect(instance.output.contains("sender   \(world.worker.id)  "), "\(instance.errors)")
        }
    }

    /// A pod's token is replaced long before its session ends, and one that is missing for a while stops nothing for
    /// good.
    @Test func aWorkerInAPodDeploysWithATokenThatComesAndGoes() async throws {
        try await World.with { world in
            let role = try await world.makePodRole()
            let arn = try #require(role["Arn"]?.string)
            for account in [world.staging, world.prod] { try await world.trust(arn, in: account) }
            // Real sessions last an hour.
            try await world.aws.post("sessions", ["account": .string(world.registry), "seconds": 3])
            let token = world.folder.appending(path: "token")
            try "sesame-one".write(to: token, atomically: true, encoding: .utf8)
            _ = try await world.startWorker(
                environment: ["AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": token.path]
            )
            try await world.register("demand-de")
            let release = try await world.release(1, waitsAt: "prod")
            try FileManager.default.removeItem(at: token)
            try await world.eventually("the worker says what is missing") {
                let isSaid = world.logs.contains("the token file \(token.path) cannot be read")
                return (isSaid ? true : nil, "nothing of it")
            }
            try "sesame-two".write(to: token, atomically: true, encoding: .utf8)
            try await world.promote(release)
            try await world.release(1, ends: "released")
            #expect(!world.logs.contains("sesame"))
        }
    }

    @Test func aWorkerWithoutCredentialsSaysWhereItLooked() async throws {
        try await World.with(accounts: []) { world in
            let outcome = try await world.run(["worker"], environment: ["AWS_EC2_METADATA_DISABLED": "true"])
            #expect(outcome.status == 1)
            for place in ["AWS_ACCESS_KEY_ID", "profile default", "_FULL_URI", "the instance's metadata"] {
                #expect(outcome.errors.contains(place), "\(place)")
            }
        }
    }

    /// A metadata service that hands out a session of the worker's, to who shows its token.
    private func metadata(of world: World) async throws -> [String: String] {
        let session = try await world.aws.post(
            "identities",
            ["account": .string(world.registry), "name": "sluice-worker", "session": true]
        )
        let keys = try JSONValue.object([
            "Code": "Success", "AccessKeyId": session["accessKeyId"] ?? "",
            "SecretAccessKey": session["secretAccessKey"] ?? "", "Token": session["sessionToken"] ?? "",
            "Expiration": "2099-01-02T03:04:05Z",
        ]).text
        let service = try world.serve(
            """
            import http.server, os
            ROLE = "/latest/meta-data/iam/security-credentials/"
            class Service(http.server.BaseHTTPRequestHandler):
                def do_PUT(self): self.answer("token" if self.path == "/latest/api/token" else None)
                def do_GET(self):
                    known = self.headers.get("X-aws-ec2-metadata-token") == "token"
                    answers = {ROLE: "worker", ROLE + "worker": os.environ["KEYS"]}
                    self.answer(answers.get(self.path) if known else None)
                def answer(self, text):
                    self.send_response(200 if text else 401)
                    self.end_headers()
                    self.wfile.write((text or "").encode())
                def log_message(self, *_): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
            print(server.server_address[1])
            server.serve_forever()
            """,
            environment: ["KEYS": keys]
        )
        let port = try await world.eventually("the service listens") {
            (Int(service.written.split(separator: "\n").first ?? ""), service.log)
        }
        return [
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(port)",
            "AWS_METADATA_SERVICE_TIMEOUT": "60",
        ]
    }
}

extension World {
    /// A role of the registry's account that whoever has a token may assume.
    fileprivate func makePodRole() async throws -> JSONValue {
        let trust = Self.trust(["Federated": "oidc"], "sts:AssumeRoleWithWebIdentity")
        let made = try await administer(
            registry,
            "iam",
            "CreateRole",
            ["RoleName": "pod", "AssumeRolePolicyDocument": .string(try trust.text)]
        )
        return try #require(made["Role"])
    }

    /// Lets a role assume the deployment role of an account.
    fileprivate func trust(_ role: String, in account: String) async throws {
        try await administer(
            account,
            "iam",
            "UpdateAssumeRolePolicy",
            [
                "RoleName": "sluice-deploy",
                "PolicyDocument": .string(try Self.trust(["AWS": .string(role)], "sts:AssumeRole").text),
            ]
        )
    }

    private static func trust(_ principal: JSONValue, _ action: String) -> JSONValue {
        [
            "Version": "2012-10-17",
            "Statement": [["Effect": "Allow", "Principal": principal, "Action": .string(action)]],
        ]
    }

    /// Writes the shared config file of a person's own, and says what has to be set to use a profile of it.
    func profile(_ name: String, _ config: String) throws -> [String: String] {
        let file = folder.appending(path: "config-\(name)")
        try config.write(to: file, atomically: true, encoding: .utf8)
        return ["AWS_CONFIG_FILE": file.path, "AWS_PROFILE": name]
    }
}
