import Ledger
import Promotion
import Synchronization

/// How long this worker may act under a claim: another may take the work over once the claim has ended.
///
/// SageMaker refuses no late caller, so a call that changes what serves is only sent while the claim outlasts
/// the longest time in which it can be answered.
final class Lease: Sendable {
    /// What clocks of two workers may differ by, and what lies between asking and sending.
    private static let margin = Duration.seconds(2)

    private let begunAt: Mutex<Moment>

    init(now: Moment) {
        begunAt = Mutex(now)
    }

    /// The claim was written, or renewed, at that moment.
    func renewed(at moment: Moment) { begunAt.withLock { $0 = moment } }

    func isOlder(than age: Duration, at now: Moment) -> Bool { begunAt.withLock { now - $0 >= age } }

    /// Whether the claim holds until something is over that begins now and takes so long.
    func covers(_ duration: Duration, from now: Moment) -> Bool {
        begunAt.withLock { now + duration + Self.margin <= $0 + Ledger.term }
    }
}
