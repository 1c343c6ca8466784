import Foundation
import Native
import Synchronization
import TestTools

@testable import AWS

/// A client whose calls all go to a server of the test's own, with time and chance in the test's hands.
struct Bench {
    let server: TestServer
    let client: AWSClient
    let provider: CountingProvider
    let observer = RecordingObserver()
    /// The pauses between attempts, none of which was slept.
    let pauses = Recorder<Duration>()
    let http = HTTPClient()

    init(_ variables: [String: String] = [:], attempts: Int = 3) throws {
        let server = try TestServer()
        let pauses = pauses
        let provider = CountingProvider()
        var environment = ["AWS_ENDPOINT_URL": server.url, "AWS_MAX_ATTEMPTS": "\(attempts)"]
        environment.merge(variables) { $1 }
        self.server = server
        self.provider = provider
        // 2026-01-02T03:04:05Z, and a second more with every look.
        let clock = Counter(1_767_323_045)
        client = AWSClient(
            http: http,
            credentials: provider,
            region: "eu-west-1",
            environment: AWSEnvironment(environment),
            account: "222222222222",
            observer: observer,
            timing: Timing(
                // Time passes only while somebody sleeps.
                elapsed: { pauses.all.reduce(.zero, +) },
                sleep: { pauses.add($0) },
                random: { 1 }
            ),
            clock: ServerClock { Date(timeIntervalSince1970: Double(clock.next())) }
        )
    }
}

/// Hands out numbered keys, a new one after each invalidation.
final class CountingProvider: CredentialProvider {
    private let number = Mutex(1)

    func credentials() -> Credentials {
        let number = number.withLock { $0 }
        return Credentials(
            accessKeyID: "AKID\(number)",
            secretAccessKey: "sesame\(number)",
            sessionToken: "sesame-token\(number)"
        )
    }

    func invalidate(_ used: Credentials) {
        number.withLock { $0 += used.accessKeyID == "AKID\($0)" ? 1 : 0 }
    }
}

final class RecordingObserver: CallObserver {
    private let recorder = Recorder<CallAttempt>()

    var attempts: [CallAttempt] { recorder.all }

    func attempted(_ attempt: CallAttempt) { recorder.add(attempt) }
}

/// Values noted by concurrent code, in order.
final class Recorder<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { values.withLock { $0 } }

    func add(_ value: Value) { values.withLock { $0.append(value) } }
}

/// A counter.
final class Counter: Sendable {
    private let value: Mutex<Int>

    init(_ start: Int) { value = Mutex(start) }

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}
