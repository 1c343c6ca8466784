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

    /// What is wrong with one reply, or with three in a row where a client tries again by itself.
    static func faults(for call: Sweep.Call) -> [Self] {
        let isS3 = call.operation.hasPrefix("s3.")
        let expired = isS3 || call.operation.hasPrefix("sts.") ? "ExpiredToken" : "ExpiredTokenException"
        var faults = [
            refusal("throttled", isS3 ? "SlowDown" : "ThrottlingException", isS3 ? 503 : 400, times: 3),
            refusal("status 500", isS3 ? "InternalError" : "InternalFailure", 500, times: 3),
            refusal("status 503", "ServiceUnavailable", 503, times: 3),
            passing("reset before its effect", ["when": "drop-before"]),
            passing("reset after its effect", ["when": "drop-after"]),
            passing("half a reply", ["when": "half"]),
            refusal("credentials expired", expired, isS3 ? 400 : 403),
            // Its Date is an hour off, so that the clock has to be corrected there and back.
            refusal("clock an hour off", "RequestTimeTooSkewed", 403, ["clockSeconds": 3600]),
            denial,
        ]
        if call.operation == "s3.CopyObject" {
            faults.append(refusal("error in a 200", "InternalError", 200))
        }
        return faults
    }

    /// A reply later than most calls' timeout; too slow to be tried for every call.
    static let silence = Self(name: "no reply in time", order: ["when": "hold-before", "status": 500]) {
        world,
        _,
        hold in
        try await Task.sleep(for: .seconds(35))
        try await world.letGo(hold)
        return []
    }

    private static func passing(_ name: String, _ order: [String: JSONValue]) -> Self {
        .init(name: name, order: order) { _, _, _ in [] }
    }

    private static func refusal(
        _ name: String,
        _ code: String,
        _ status: Int64,
        times: Int64 = 1,
        _ more: [String: JSONValue] = [:]
    ) -> Self {
        let order: [String: JSONValue] = [
            "code": .string(code), "status": .int(status), "times": .int(times),
        ]
        return passing(name, order.merging(more) { $1 })
    }

    /// A denial that lasts until the release has said so, or, where none waits for the call, a moment.
    private static let denial = Self(
        name: "denied for a while",
        order: ["code": "AccessDenied", "status": 403, "times": -1, "message": "User is not authorized"]
    ) { world, call, hold in
        let end = ContinuousClock.now + .seconds(call.holdsUpARelease ? 30 : 3)
        var isSaid = false
        while !isSaid, .now < end {
            isSaid = try await world.releases().contains {
                $0.waitingFor.contains("AccessDenied") && ["rolling", "reverting"].contains($0.state)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await world.mend(hold.id)
        return isSaid || !call.holdsUpARelease ? [] : ["no release said that it was denied"]
    }
}

extension World {
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
