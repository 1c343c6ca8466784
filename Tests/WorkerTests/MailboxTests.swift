import Promotion
import Testing

@testable import Ledger
@testable import Worker

/// The conductor sleeps on this: a wake-up that gets lost is a rollout that stands still.
@Suite(.timeLimit(.minutes(10))) struct MailboxTests {
    /// Far longer than the suite may take, so that whoever waits it out fails.
    private static let ever = Duration.seconds(3600)

    @Test func whatIsPutIsTakenOnceAndInOrder() async {
        let mailbox = Mailbox()
        await mailbox.put([Self.outcome(1), Self.outcome(2)])
        await mailbox.put([Self.outcome(3)])
        #expect(await mailbox.take().map(Self.number) == [1, 2, 3])
        #expect(await mailbox.take().isEmpty)
    }

    @Test func whoComesLateWasWokenAlready() async {
        let mailbox = Mailbox()
        await mailbox.put([Self.outcome(1)])
        await mailbox.wait(for: Self.ever)
        await mailbox.wake()
        await mailbox.wake()
        await mailbox.wait(for: Self.ever)
        #expect(await mailbox.take().count == 1)
    }

    @Test func whoWaitsIsWoken() async {
        for _ in 0..<200 {
            let mailbox = Mailbox()
            let waiting = Task { await mailbox.wait(for: Self.ever) }
            // Whichever of the two comes first, the wake-up arrives.
            await mailbox.wake()
            await waiting.value
        }
    }

    @Test func nothingIsLostBetweenManyThatPut() async {
        let mailbox = Mailbox()
        let count = 500
        var seen: Set<Int> = []
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask { await mailbox.put([Self.outcome(number)]) }
            }
            // As the conductor does: take, work, and only then wait.
            while seen.count < count {
                seen.formUnion(await mailbox.take().map(Self.number))
                if seen.count < count { await mailbox.wait(for: Self.ever) }
            }
        }
        #expect(seen.count == count)
    }

    /// A wake-up counts once: a conductor that took everything sleeps.
    @Test func aSpentWakeUpWakesNobody() async {
        let mailbox = Mailbox()
        await mailbox.wake()
        await mailbox.wait(for: Self.ever)
        let isBack = Flag()
        let waiting = Task {
            await mailbox.wait(for: Self.ever)
            await isBack.raise()
        }
        for _ in 0..<1000 { await Task.yield() }
        #expect(await !isBack.isRaised)
        await mailbox.wake()
        await waiting.value
    }

    @Test func timeEndsAWait() async {
        await Mailbox().wait(for: .milliseconds(1))
    }

    @Test func beingCancelledEndsAWait() async {
        let mailbox = Mailbox()
        let waiting = Task { await mailbox.wait(for: Self.ever) }
        waiting.cancel()
        await waiting.value
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await mailbox.wait(for: Self.ever)
        }
        await late.value
    }

    private actor Flag {
        private(set) var isRaised = false

        func raise() { isRaised = true }
    }

    /// An outcome that can be told from others; nothing else of it matters here.
    private static func outcome(_ number: Int) -> Outcome {
        .lookFailed(
            Look(package: "p", group: "g", asked: 1, failures: 0),
            Failure(.transient, "\(number)")
        )
    }

    private static func number(_ outcome: Outcome) -> Int {
        guard case .lookFailed(_, let failure) = outcome else { return -1 }
        return Int(failure.sentence) ?? -1
    }
}
