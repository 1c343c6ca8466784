import AWS
import Ledger
import Logging
import Promotion

/// Puts the accounts of organizational units in their place: those that Organizations says they have, or, where it
/// does not, those that the ledger last saw.
struct UnitReader: Sendable {
    /// As it was read, with documents for whole units.
    let folder: AccountsFolder
    /// The accounts of a unit, and how each is.
    let accounts: @Sendable (_ unit: String) async throws -> [String: String]
    let ledger: Ledger
    let timing: Timing
    let log: Logger

    /// The folder with every account in its place. What was found is recorded.
    ///
    /// - Throws: `UnitsError` where it cannot be said which accounts a unit has, and could not before either;
    ///   `LedgerError`.
    func expanded() async throws -> AccountsFolder {
        try await ledger.keepUnits(
            Dictionary(uniqueKeysWithValues: folder.units.map { ($0, folder.endpoints(in: $0)) })
        )
        let last = try await ledger.units()
        var units = last
        var troubles: [String: UnitsError] = [:]
        for unit in folder.units {
            do {
                units[unit] = try await accounts(unit)
            } catch {
                try Task.checkCancellation()
                troubles[unit] = UnitsError(unit: unit, Failure(error).sentence)
            }
        }
        while true {
            let failure: UnitsError
            switch attempt(units, troubles) {
            case .success(let expanded):
                try await record(units, troubles)
                return expanded
            case .failure(let error): failure = error
            }
            // What cannot be made use of changes nothing, and what was there before goes on.
            troubles[failure.unit] = troubles[failure.unit] ?? failure
            guard units[failure.unit] != last[failure.unit] else {
                try await record([:], troubles)
                throw failure
            }
            units[failure.unit] = last[failure.unit]
        }
    }

    /// The folder with the accounts that any worker on the ledger saw last; nil where that cannot be said.
    func known() async throws -> AccountsFolder? {
        let units = try await ledger.units()
        return try? folder.expanded(by: units)
    }

    private func attempt(_ units: Units, _ troubles: [String: UnitsError]) -> Result<
        AccountsFolder, UnitsError
    > {
        if let unknown = folder.units.first(where: { units[$0] == nil }), let trouble = troubles[unknown] {
            return .failure(trouble)
        }
        return Result { () throws(UnitsError) in try folder.expanded(by: units) }
    }

    private func record(_ units: Units, _ troubles: [String: UnitsError]) async throws {
        for unit in folder.units {
            let endpoints = folder.endpoints(in: unit)
            if let trouble = troubles[unit] {
                let goesOn = units[unit] == nil ? "" : "; the accounts that it had go on"
                let sentence = "\(trouble)\(goesOn)"
                log.error("\(sentence)", metadata: ["unit": "\(unit)", "step": "units"])
                try await ledger.couldNotSee(unit, because: sentence, for: endpoints, now: timing.moment)
            } else if let accounts = units[unit] {
                try await ledger.saw(accounts, of: unit, for: endpoints, now: timing.moment)
            }
        }
    }
}

extension Organizations {
    /// The accounts of a unit, those of the units below it among them, and how each is.
    func states(in unit: String) async throws -> [String: String] {
        Dictionary(
            try await accounts(below: unit).map { ($0.id, $0.state) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
