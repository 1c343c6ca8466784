import AWS
public import Foundation
public import Promotion

extension Timing {
    /// The present.
    var moment: Moment { Moment(now()) }
}

extension Moment {
    /// The present, from the machine's wall clock.
    public static var now: Moment { Moment(Date()) }

    public init(_ date: Date) {
        self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
