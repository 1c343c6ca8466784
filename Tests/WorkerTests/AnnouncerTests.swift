import AWS
import Foundation
import Logging
import Promotion
import Synchronization
import Testing

@testable import Ledger
@testable import Worker

/// What is owed is put on the bus, whatever the bus says to some of it.
@Suite(.timeLimit(.minutes(10))) struct AnnouncerTests {
    /// More than one call takes, all gone in one go, and in order.
    @Test func aBacklogIsSentAtOnce() async throws {
        try await Self.run(owing: 25) { ledger in
            let bus = Bus { entries in entries.map { _ in .taken } }
            try await Self.announcer(bus, ledger).runOnce()
            #expect(bus.calls.map(\.count) == [10, 10, 5])
            let sent = bus.calls.flatMap(\.self)
            #expect(sent.map(\.resources) == Array(repeating: ["demand"], count: 25))
            #expect(Set(sent.map(\.detailType)) == ["Sluice Endpoint State Change"])
            #expect(sent.enumerated().allSatisfy { $1.detail.contains("number \($0 + 1)") })
            // Nothing is announced twice.
            try await Self.announcer(bus, ledger).runOnce()
            #expect(bus.calls.count == 3)
        }
    }

    /// Of a call that was taken in part only the rest comes again, later.
    @Test func whatWasTakenIsNotSentAgain() async throws {
        try await Self.run(owing: 3) { ledger in
            let bus = Bus { entries in
                entries.map { $0.detail.contains("number 2") ? .refused : .taken }
            }
            try await Self.announcer(bus, ledger).runOnce()
            #expect(bus.calls.map(\.count) == [3])
            let later = Moment.now + .seconds(25 * 3600)
            let due = try await ledger.announcementsDue(limit: 10, now: later)
            #expect(due.map { $0.detail.contains("number 2") } == [true])
        }
    }

    /// One event that makes a whole call invalid does not keep the others back.
    @Test func oneThatIsRefusedKeepsNoOtherBack() async throws {
        try await Self.run(owing: 3) { ledger in
            let bus = Bus { entries in
                if entries.contains(where: { $0.detail.contains("number 2") }) { throw Self.invalid }
                return entries.map { _ in .taken }
            }
            let announcer = Self.announcer(bus, ledger)
            await #expect(throws: AWSError.self) { try await announcer.runOnce() }
            try await announcer.runOnce()
            let due = try await ledger.announcementsDue(limit: 10, now: Moment.now + .seconds(25 * 3600))
            #expect(due.map { $0.detail.contains("number 2") } == [true])
        }
    }

    @Test func aCallStaysBelowWhatEventBridgeTakes() {
        let long = (1...3).map { number in
            Announcement(
                journalID: Int64(number),
                endpoint: "demand",
                release: nil,
                detail: String(repeating: "x", count: 100_000)
            )
        }
        #expect(Announcer.fitting(long).map(\.journalID) == [1, 2])
        #expect(Announcer.fitting(Array(long.prefix(1))).count == 1)
    }

    private static let invalid = AWSError(
        kind: .invalid,
        code: "ValidationException",
        message: "too large",
        service: "EventBridge",
        operation: "PutEvents",
        subject: "bus",
        account: nil
    )

    private static func announcer(_ bus: Bus, _ ledger: Ledger) -> Announcer {
        Announcer(
            bus: "bus",
            put: { try bus.put($0) },
            ledger: ledger,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// A ledger that owes one event for each of so many refused requests.
    private static func run(owing count: Int, _ story: (Ledger) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "sluice-\(UUID().uuidString).sqlite"
        )
        defer {
            for suffix in ["", "-wal", "-shm", ".lock"] {
                try? FileManager.default.removeItem(atPath: file.path + suffix)
            }
        }
        let plan = EndpointPlan(name: "demand", targets: [:], image: nil, stages: [], operators: [])
        // However slow the machine is, what was refused is not due again while a test runs.
        var pace = Pace()
        pace.retry.base = .seconds(24 * 3600)
        pace.retry.ceiling = .seconds(24 * 3600)
        let ledger = try await Ledger.open(
            "sqlite:\(file.path)",
            plans: [plan],
            pace: pace,
            isWorker: true,
            announces: true
        )
        for number in 1...count {
            let request = RequestMessage(
                subject: .endpoint("demand"),
                request: Request(
                    action: .resume(stage: nil),
                    sender: Sender("AIDASTRANGER"),
                    reason: "number \(number)."
                ),
                key: "\(number)"
            )
            let message = Received(
                messageID: "\(number)",
                sender: "AIDASTRANGER",
                body: "{}",
                meaning: .request(request)
            )
            #expect(try await ledger.record([message], now: .now) == [true])
        }
        try await story(ledger)
    }
}

/// An event bus that answers as the test tells it.
private final class Bus: Sendable {
    enum Answer { case taken, refused }

    private let answer: @Sendable ([EventEntry]) throws -> [Answer]
    private let taken = Mutex<[[EventEntry]]>([])

    init(_ answer: @escaping @Sendable ([EventEntry]) throws -> [Answer]) {
        self.answer = answer
    }

    var calls: [[EventEntry]] { taken.withLock(\.self) }

    func put(_ entries: [EventEntry]) throws -> [EventResult] {
        taken.withLock { $0.append(entries) }
        let results = try answer(entries).map {
            $0 == .taken ? #"{"EventId":"e"}"# : #"{"ErrorCode":"Slow"}"#
        }
        return try JSONDecoder().decode(
            [EventResult].self,
            from: Data("[\(results.joined(separator: ","))]".utf8)
        )
    }
}
