import AWS
import Foundation
import Ledger
import Logging
import Promotion

/// Looks whether accounts still serve what was verified there last: one paged ListEndpoints per account says
/// which endpoints were changed since, and only those are described.
struct Drift: Sendable {
    let settings: Settings
    let sessions: Sessions
    let ledger: Ledger
    let log: Logger

    func run() async {
        do {
            let served = Dictionary(grouping: try await ledger.served(), by: \.account)
            for (account, served) in served.sorted(by: { $0.key < $1.key }) where !Task.isCancelled {
                // Where somebody took the account out there is nothing to put right.
                if settings.account(account) == nil { continue }
                await look(at: served, in: account)
            }
        } catch {
            if !Task.isCancelled { log.error("\(error)", metadata: ["step": "drift"]) }
        }
    }

    private func look(at served: [Ledger.Served], in account: String) async {
        do {
            let session = try await sessions.session(account)
            let sageMaker = SageMaker(session.client)
            let endpoints = Dictionary(
                uniqueKeysWithValues: served.map { (session.account.liveName(of: $0.endpoint), $0) }
            )
            for (name, endpoint) in try await changed(endpoints, sageMaker) {
                let found = EndpointSight(try await sageMaker.describeEndpoint(name: name))
                try await ledger.found(found, of: endpoint, in: account, now: sessions.timing.moment)
            }
        } catch {
            if Task.isCancelled { return }
            log.warning(
                "\(Failure(error).sentence)",
                metadata: ["account": "\(account)", "step": "drift"]
            )
        }
    }

    /// The endpoints that AWS says were changed after they were last seen, each by its name there and its own.
    private func changed(
        _ served: [String: Ledger.Served],
        _ sageMaker: SageMaker
    ) async throws -> [(name: String, endpoint: String)] {
        // Where one was never seen, or drifts, every page is asked for.
        let known = served.values.compactMap(\.modifiedAt)
        let since = known.count == served.count ? known.min()?.date : nil
        var changed: [(name: String, endpoint: String)] = []
        var token: String?
        repeat {
            let page = try await sageMaker.listEndpoints(lastModifiedAfter: since, nextToken: token)
            for summary in page.items {
                guard let last = served[summary.name] else { continue }
                let isNew = last.modifiedAt.map { $0 < Moment(summary.lastModifiedTime) } ?? true
                if isNew { changed.append((summary.name, last.endpoint)) }
            }
            token = page.nextToken
        } while token != nil
        return changed
    }
}
