import Foundation
import Logging
import ServiceLifecycle
import Testing

import struct AWS.Timing

@testable import Ledger
@testable import Worker

/// A worker that begins anew is still one worker to whoever stops it.
@Suite struct ShiftsTests {
    private actor Log {
        private(set) var begun: [Int] = []
        func began(_ shift: Int) { begun.append(shift) }
    }

    /// Ends by itself, so that the group it is in stops and another may follow.
    private struct Watch: Service {
        func run() async throws {}
    }

    /// Takes as long to stop as it is let.
    private struct Slow: Service {
        let stopping: AsyncStream<Void>.Continuation
        let leave: AsyncStream<Void>

        func run() async throws {
            try await gracefulShutdown()
            stopping.yield()
            for await _ in leave { break }
        }
    }

    private static func group(_ services: [any Service]) -> ServiceGroup {
        let services = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(
                service: $0,
                successTerminationBehavior: .gracefullyShutdownGroup
            )
        }
        return ServiceGroup(
            configuration: .init(
                services: services,
                logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    @Test func whatHasChangedBeginsAnew() async throws {
        let log = Log()
        let shifts = Shifts(begin: { 1 }) { shift in
            await log.began(shift)
            try await Self.group([Watch()]).run()
            return shift < 3 ? shift + 1 : nil
        }
        try await Self.group([shifts]).run()
        #expect(await log.begun == [1, 2, 3])
    }

    @Test func whoIsStoppedWhileOneShiftEndsBeginsNoOther() async throws {
        let log = Log()
        let (isStopping, stopping) = AsyncStream.makeStream(of: Void.self)
        let (leave, left) = AsyncStream.makeStream(of: Void.self)
        let shifts = Shifts(begin: { 1 }) { shift in
            await log.began(shift)
            // The shift ends only once the whole is known to be stopping.
            Task {
                try await gracefulShutdown()
                left.yield()
            }
            try await Self.group([Slow(stopping: stopping, leave: leave), Watch()]).run()
            return shift < 3 ? shift + 1 : nil
        }
        let whole = Self.group([shifts])
        async let run: Void = whole.run()
        for await _ in isStopping { break }
        await whole.triggerGracefulShutdown()
        try await run
        #expect(await log.begun == [1])
    }

    @Test func whoIsStoppedBeforeTheFirstShiftHasNone() async throws {
        let log = Log()
        let (isBeginning, beginning) = AsyncStream.makeStream(of: Void.self)
        let shifts = Shifts(
            begin: {
                beginning.yield()
                try await Task.sleep(for: .seconds(3600))
                return 1
            },
            work: { shift in
                await log.began(shift)
                return nil
            }
        )
        let whole = Self.group([shifts])
        async let run: Void = whole.run()
        for await _ in isBeginning { break }
        await whole.triggerGracefulShutdown()
        try await run
        #expect(await log.begun == [])
    }

    /// Being told to stop is no failure of who waits for idleness, or a worker could not begin anew.
    @Test func whoWaitsForIdlenessStopsWithoutAFault() async throws {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "sluice-shifts-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: path) }
        let ledger = try await Ledger.open("sqlite:\(path.path)/ledger.sqlite", isWorker: true)
        let idle = IdleWatch(
            ledger: ledger,
            progress: Progress(queues: 1),
            timing: Timing(),
            log: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await Self.group([Watch(), idle]).run()
    }
}
