import Promotion
import Testing

@testable import Ledger
@testable import Worker

@Suite struct LeaseTests {
    private static let start = Moment(milliseconds: 1_780_000_000_000)

    /// SageMaker knows no late caller, so nothing is asked of it that another worker may be about by then.
    @Test func aChangeIsAskedForOnlyWhileTheClaimOutlastsItsAnswer() {
        let lease = Lease(now: Self.start)
        let answer = Duration.seconds(15)
        #expect(lease.covers(answer, from: Self.start))
        let last = Self.start + (Ledger.term - answer - .seconds(2))
        #expect(lease.covers(answer, from: last))
        #expect(!lease.covers(answer, from: last + .milliseconds(1)))
        lease.renewed(at: last)
        #expect(lease.covers(answer, from: last + .seconds(10)))
    }

    /// A conductor in good health renews long before a call could be kept from being sent.
    @Test func aClaimIsRenewedBeforeItsTrustEnds() {
        let lease = Lease(now: Self.start)
        let renewal = Self.start + Conductor.heartbeat
        #expect(lease.isOlder(than: Conductor.heartbeat, at: renewal))
        #expect(lease.covers(.seconds(15), from: renewal + .seconds(2)))
    }
}
