import CCurl
import Glibc
import Synchronization

/// The thread on which libcurl's multi interface runs, and the inbox through which other threads reach it.
///
/// libcurl's handles are touched by that thread alone; the one exception is `curl_multi_wakeup`, which may be
/// called from anywhere. See [libcurl-multi(3)](https://curl.se/libcurl/c/libcurl-multi.html).
final class TransferLoop: Sendable {
    typealias Reply = CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>

    /// Names one request for its whole life.
    final class Ticket: Sendable {
        let number: UInt64
        /// Set before the number is put into the inbox, so that a cancellation that overtakes its request
        /// is seen when the request arrives.
        let isCancelled = Atomic<Bool>(false)

        init(number: UInt64) { self.number = number }
    }

    struct Submission: Sendable {
        let ticket: Ticket
        let request: HTTPRequest
        let reply: Reply
    }

    private struct Inbox {
        enum Life { case running, stopping, ended }

        var life = Life.running
        var submissions: [Submission] = []
        var cancellations: [UInt64] = []
        var watchers: [CheckedContinuation<Void, Never>] = []

        /// Whether the thread was already told to look.
        var isNoted: Bool { !submissions.isEmpty || !cancellations.isEmpty || life != .running }
    }

    /// The multi handle for the one call that is safe on any thread, valid until the loop has ended.
    private struct Wakeup: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
    }

    private let configuration: HTTPClient.Configuration
    private let inbox = Mutex(Inbox())
    /// Apart from the inbox, or the woken thread would run into the lock its waker still holds.
    private let wakeup = Mutex<Wakeup?>(nil)
    private let tickets = Atomic<UInt64>(0)

    init(_ configuration: HTTPClient.Configuration) {
        self.configuration = configuration
    }

    func ticket() -> Ticket {
        Ticket(number: tickets.add(1, ordering: .relaxed).newValue)
    }

    func submit(_ submission: Submission) {
        let (isAccepted, isFirst) = inbox.withLock { inbox in
            guard inbox.life == .running else { return (false, false) }
            let isFirst = !inbox.isNoted
            inbox.submissions.append(submission)
            return (true, isFirst)
        }
        if isFirst { wake() }
        if !isAccepted { submission.fail(.shutDown) }
    }

    func cancel(_ ticket: Ticket) {
        ticket.isCancelled.store(true, ordering: .sequentiallyConsistent)
        let isFirst = inbox.withLock { inbox in
            guard inbox.life == .running else { return false }
            let isFirst = !inbox.isNoted
            inbox.cancellations.append(ticket.number)
            return isFirst
        }
        if isFirst { wake() }
    }

    func stop() {
        inbox.withLock { inbox in
            if inbox.life == .running { inbox.life = .stopping }
        }
        wake()
    }

    func ended() async {
        await withCheckedContinuation { watcher in
            let hasEnded = inbox.withLock { inbox in
                if inbox.life != .ended { inbox.watchers.append(watcher) }
                return inbox.life == .ended
            }
            if hasEnded { watcher.resume() }
        }
    }

    /// Starts the thread, which keeps the loop alive until it is stopped.
    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread,
            &attributes,
            { argument in
                if let argument {
                    let loop = Unmanaged<TransferLoop>.fromOpaque(argument).takeRetainedValue()
                    loop.run()
                }
                return nil
            },
            retained.toOpaque()
        )
        if failure != 0 {
            retained.release()
            end()
        }
    }

    private func run() {
        blockSignals()
        guard let transfers = Transfers(configuration) else { return end() }
        wakeup.withLock { $0 = Wakeup(multi: transfers.multi) }
        while true {
            let (submissions, cancellations, life) = inbox.withLock { inbox in
                defer {
                    inbox.submissions = []
                    inbox.cancellations = []
                }
                return (inbox.submissions, inbox.cancellations, inbox.life)
            }
            for submission in submissions { transfers.start(submission) }
            for number in cancellations { transfers.cancel(number) }
            guard life == .running else { break }
            transfers.turn()
        }
        transfers.cancelAll()
        // Nobody reaches the multi handle after this.
        wakeup.withLock { $0 = nil }
        end()
    }

    /// Writing to a closed connection is then an error and not the end of the process, and the signals that end
    /// or reload the program go to the threads that wait for them.
    private func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func end() {
        let (submissions, watchers) = inbox.withLock { inbox in
            defer {
                inbox.submissions = []
                inbox.watchers = []
            }
            inbox.life = .ended
            return (inbox.submissions, inbox.watchers)
        }
        for submission in submissions { submission.fail(.shutDown) }
        for watcher in watchers { watcher.resume() }
    }

    private func wake() {
        wakeup.withLock { wakeup in
            if let wakeup { curl_multi_wakeup(wakeup.multi) }
        }
    }
}

extension TransferLoop.Submission {
    /// Ends a request of which nothing was sent.
    func fail(_ code: HTTPError.Code, detail: String = "") {
        reply.resume(
            returning: .failure(
                HTTPError(code, url: request.url, mayHaveReachedServer: false, detail: detail)
            )
        )
    }
}
