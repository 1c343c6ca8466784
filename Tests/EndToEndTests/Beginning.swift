import Testing

/// The state most stories begin in: a first release serves in both accounts, and a worker runs.
struct Beginning: Sendable {
    let worker: Worker
    let first: Release
    let de: World.Version
    let fr: World.Version

    /// What both accounts serve.
    var served: [String: String] { [World.de: de.sha256, World.fr: fr.sha256] }
}

extension World {
    func begin() async throws -> Beginning {
        let de = try await register("demand-de")
        let fr = try await register("demand-fr", [0, 1, 1])
        let worker = try await startWorker()
        let waiting = try await release(1, waitsAt: "prod")
        try #require(try await promote(waiting).status == 0)
        return Beginning(worker: worker, first: try await release(1, ends: "released"), de: de, fr: fr)
    }

    /// Registers a new approved version and waits until its release is at prod's gate.
    func next(_ number: Int, _ group: String, _ coefficients: [Double]) async throws -> (Version, Release) {
        let version = try await register(group, coefficients)
        return (version, try await release(number, waitsAt: "prod"))
    }
}
