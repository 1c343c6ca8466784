import Logging

/// Writes log lines to a terminal, with the control characters of what comes from outside escaped: a
/// quarantined message or AWS's words must not steer the terminal of who watches the worker.
struct TerminalLog: LogHandler {
    private var stream: StreamLogHandler
    private let live: LiveLines?

    /// - Parameter live: What is redrawn below the log, if anything.
    init(label: String, live: LiveLines? = nil) {
        stream = .standardError(label: label)
        self.live = live
    }

    var logLevel: Logger.Level {
        get { stream.logLevel }
        set { stream.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { stream.metadata }
        set { stream.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { stream[metadataKey: key] }
        set { stream[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(Screen.escaped("\(event.message)"))"
        event.metadata = event.metadata?.mapValues { "\(Screen.escaped("\($0)"))" }
        guard let live else { return stream.log(event: event) }
        live.above { [event] in stream.log(event: event) }
    }
}
