import CCurl
import Synchronization

/// The transfers under way, on the loop's thread.
final class Transfers {
    /// Evaluated once in the life of the process, before the first handle: curl_global_init(3).
    private static let isReady = OpenSSL.isReady && sluice_curl_global_init() == CURLE_OK

    let multi: UnsafeMutableRawPointer
    private let configuration: HTTPClient.Configuration
    private var active: [UInt64: Transfer] = [:]
    /// Handles that have done their work. Resetting one is cheaper than making one.
    private var idleHandles: [UnsafeMutableRawPointer] = []

    init?(_ configuration: HTTPClient.Configuration) {
        guard Self.isReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.configuration = configuration
        sluice_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
    }

    deinit {
        for handle in idleHandles { curl_easy_cleanup(handle) }
        curl_multi_cleanup(multi)
    }

    func start(_ submission: TransferLoop.Submission) {
        guard !submission.ticket.isCancelled.load(ordering: .sequentiallyConsistent) else {
            return submission.fail(.cancelled)
        }
        guard let easy = idleHandles.popLast() ?? curl_easy_init() else {
            return submission.fail(.other, detail: "no memory")
        }
        let transfer = Transfer(submission, easy: easy)
        guard let problem = transfer.prepare(configuration) else {
            let code = curl_multi_add_handle(multi, easy)
            guard code == CURLM_OK else {
                recycle(transfer)
                return submission.fail(.other, detail: String(cString: curl_multi_strerror(code)))
            }
            active[submission.ticket.number] = transfer
            return
        }
        recycle(transfer)
        submission.fail(.invalidRequest, detail: problem)
    }

    func cancel(_ number: UInt64) {
        guard let transfer = active[number] else { return }
        finish(transfer, with: .failure(transfer.error(.cancelled)))
    }

    func cancelAll() {
        for number in Array(active.keys) { cancel(number) }
    }

    /// Moves what can be moved, answers what has ended and sleeps until something happens.
    func turn() {
        var running: CInt = 0
        curl_multi_perform(multi, &running)
        var waiting: CInt = 0
        while let message = curl_multi_info_read(multi, &waiting) {
            guard message.pointee.msg == CURLMSG_DONE,
                let transfer = transfer(of: message.pointee.easy_handle)
            else { continue }
            finish(transfer, with: transfer.result(message.pointee.data.result))
        }
        let now = ContinuousClock.now
        // A minute bounds the sleep where libcurl has no timer of its own; wake-ups end it sooner.
        var deadline = now.advanced(by: .seconds(60))
        for transfer in active.values where transfer.hasIdleTimeout {
            guard let idleAt = transfer.idleDeadline(now) else {
                finish(transfer, with: .failure(transfer.error(.timedOut(.idle))))
                continue
            }
            deadline = min(deadline, idleAt)
        }
        let pause = now.duration(to: deadline).milliseconds
        curl_multi_poll(multi, nil, 0, CInt(clamping: pause), nil)
    }

    private func transfer(of easy: UnsafeMutableRawPointer?) -> Transfer? {
        guard let easy, let pointer = Transfer.pointer(from: easy) else { return nil }
        return Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func finish(_ transfer: Transfer, with result: Result<HTTPResponse, HTTPError>) {
        curl_multi_remove_handle(multi, transfer.easy)
        active[transfer.submission.ticket.number] = nil
        recycle(transfer)
        transfer.submission.reply.resume(returning: result)
    }

    private func recycle(_ transfer: Transfer) {
        curl_easy_reset(transfer.easy)
        if idleHandles.count < configuration.maximumIdleConnections {
            idleHandles.append(transfer.easy)
        } else {
            curl_easy_cleanup(transfer.easy)
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, never negative.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        guard !whole.overflow, whole.partialValue < Int64(CInt.max) else { return Int(CInt.max) }
        return max(0, Int(whole.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
