import Native

// What can happen to any call.
extension Sweep.Disturbance {
    /// A worker is killed by SIGKILL and another is started.
    static let crashes: [Self] = [
        .init(name: "killed before it was sent", order: ["when": "hold-before", "status": 500]) {
            world,
            _,
            hold in
            try await world.killWorker()
            try await world.letGo(hold)
            return try await world.succeed()
        },
        .init(name: "killed before its reply", order: ["when": "hold-after"]) { world, _, hold in
            try await world.killWorker()
            try await world.letGo(hold)
            return try await world.succeed()
        },
        .init(name: "killed after its reply", order: ["when": "hold-after"]) { world, _, hold in
            try await world.letGo(hold)
            try await world.killWorker()
            return try await world.succeed()
        },
    ]

    /// What is wrong with one reply, or with every one until the release that waits for it has said so.
    static func faults(for call: Sweep.Call) -> [Self] {
        let isS3 = call.operation.hasPrefix("s3.")
        let expired = isS3 || call.operation.hasPrefix("sts.") ? "ExpiredToken" : "ExpiredTokenException"
        var faults = [
            lasting("throttled", isS3 ? "SlowDown" : "ThrottlingException", isS3 ? 503 : 400, call),
            lasting("status 500", isS3 ? "InternalError" : "InternalFailure", 500, call),
            lasting("status 503", "ServiceUnavailable", 503, call),
            lasting("denied for a while", "AccessDenied", 403, call),
            passing("reset before its effect", ["when": "drop-before"]),
            passing("reset after its effect", ["when": "drop-after"]),
            passing("half a reply", ["when": "half"]),
            expiry(expired, isS3 ? 400 : 403),
            // Its Date is an hour off, so that the clock has to be corrected there and back.
            refusal("a Date an hour off", "RequestTimeTooSkewed", 403, ["clockSeconds": 3600]),
            lateClock, connectionRefused,
        ]
        if ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload"].contains(call.name) {
            faults.append(refusal("error in a 200", "InternalError", 200))
        }
        return faults
    }

    /// The call takes effect, and its reply comes later than the caller waits for one; a copy may take
    /// five minutes, so that one is only slow.
    static func silence(for call: Sweep.Call) -> Self {
        let seconds =
            switch call.name {
            case "InvokeEndpoint": 77
            case "ReceiveMessage": 37
            default: 32
            }
        return Self(name: "no reply in time", order: ["when": "hold-after"], isPatient: true) {
            world,
            _,
            hold in
            try await Task.sleep(for: .seconds(seconds))
            try await world.letGo(hold)
            return []
        }
    }

    private static func passing(_ name: String, _ order: [String: JSONValue]) -> Self {
        .init(name: name, order: order) { _, _, _ in [] }
    }

    private static func refusal(
        _ name: String,
        _ code: String,
        _ status: Int64,
        _ more: [String: JSONValue] = [:]
    ) -> Self {
        passing(name, ["code": .string(code), "status": .int(status)].merging(more) { $1 })
    }

    /// A refusal that lasts until the release has said so, or, where none waits for the call, a moment.
    private static func lasting(
        _ name: String,
        _ code: String,
        _ status: Int64,
        _ call: Sweep.Call
    ) -> Self {
        .init(
            name: name,
            order: [
                "code": .string(code), "status": .int(status), "times": -1,
                "message": "User is not authorized",
            ]
        ) { world, call, hold in
            // The answer to a HEAD has no body that could say why.
            let words = call.name == "HeadObject" ? [call.name] : [call.name, code]
            let troubles = try await world.isSaid(words, of: call)
            try await world.mend(hold.id)
            return troubles
        }
    }

    /// The call is refused because its credentials have expired, and so have all others of the account.
    private static func expiry(_ code: String, _ status: Int64) -> Self {
        .init(name: "credentials expired", order: ["code": .string(code), "status": .int(status)]) {
            world,
            call,
            _ in
            let account = call.account.number(in: world)
            try await world.aws.post("sessions/expire", ["account": .string(account)])
            return []
        }
    }

    /// Nothing answers any more at the address that the workers know, until the release has said so.
    private static let connectionRefused = Self(name: "connection refused", order: ["when": "refuse"]) {
        world,
        call,
        _ in
        let troubles = try await world.isSaid(["CouldNotConnect"], of: call)
        try await world.openDoorAgain()
        return troubles
    }

    /// From this call on AWS's clock is an hour ahead of the worker's.
    private static let lateClock = Self(name: "its own clock an hour late", order: ["when": "hold-before"]) {
        world,
        _,
        hold in
        try await world.aws.post(
            "clock",
            [
                "accounts": .array([world.registry, world.staging, world.prod].map(JSONValue.string)),
                "seconds": 3600,
            ]
        )
        try await world.letGo(hold)
        return []
    }
}

// What can happen to any write of the ledger.
extension Sweep.Point {
    /// A worker is killed by SIGKILL and another is started.
    static func crashes(atWrite number: Int, of story: Story) -> [Self] {
        let moments: [(PostgresProxy.Way, String)] = [
            (.holdBefore, "killed before its commit"), (.holdAfter, "killed before the commit's reply"),
            (.pass, "killed after the commit's reply"),
        ]
        return moments.map { way, name in
            // On a shared ledger the claims of a dead worker end by themselves.
            Self(write: number, of: story, way, name: name, isPatient: true) { world in
                try await world.killWorker()
                return try await world.succeed()
            }
        }
    }

    /// The connection breaks.
    static func losses(atWrite number: Int, of story: Story) -> [Self] {
        [
            Self(write: number, of: story, .loseBefore, name: "cut before its commit"),
            Self(write: number, of: story, .loseAfter, name: "cut before the commit's reply"),
        ]
    }
}

extension World {
    /// Waits until a release that goes its way, or a way back, says all of this about what it waits for.
    ///
    /// - Returns: What is wrong where none does. Where no release waits for the call it is not expected.
    fileprivate func isSaid(_ words: [String], of call: Sweep.Call) async throws -> [String] {
        let end = ContinuousClock.now + .seconds(call.holdsUpARelease ? 60 : 3)
        var said: [String] = []
        while .now < end {
            said = try await releases().filter { $0.state == "rolling" }.map(\.waitingFor)
            said += try await status().underWay.filter(\.rollback).flatMap(\.waitsFor)
            if said.contains(where: { words.allSatisfy($0.contains) }) { return [] }
            try await Task.sleep(for: .milliseconds(200))
        }
        return call.holdsUpARelease ? ["nothing under way said \(words), but \(said)"] : []
    }

    /// Starts the next worker, and waits until it has compared the registry with the ledger.
    fileprivate func succeed() async throws -> [String] {
        let listing = "sagemaker.ListModelPackages"
        let before = try await counts(registry)[listing] ?? 0
        _ = try await startWorker()
        try await eventually("the next worker has looked at the registry") {
            let now = try await counts(registry)[listing] ?? 0
            return (now >= before + 2 ? true : nil, "\(now - before) groups listed")
        }
        return []
    }
}
