import Native

/// The calls made to Organizations.
///
/// See [ListAccountsForParent](https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html).
/// Only the organization's management account, and accounts that it delegated this to, are answered.
public struct Organizations: Sendable {
    private let client: AWSClient
    private let region: String

    /// - Parameter region: One of the partition that the organization is in. Each has one place where it is asked.
    public init(_ client: AWSClient, partitionOf region: String) {
        self.client = client
        self.region =
            if region.hasPrefix("cn-") { "cn-northwest-1" } else if region.hasPrefix("us-gov-") {
                "us-gov-west-1"
            } else { "us-east-1" }
    }

    /// An account of an organization.
    public struct Account: Sendable, Hashable {
        /// Twelve digits.
        public let id: String
        /// Such as `ACTIVE` or `SUSPENDED`.
        public let state: String

        /// Whether anything can be deployed to it.
        public var isActive: Bool { state == "ACTIVE" }
    }

    /// Every account of a unit and of the units below it. Throws `AWSError`.
    public func accounts(below unit: String) async throws -> [Account] {
        var accounts: [Account] = []
        var units = [unit]
        while let next = units.popLast() {
            accounts += try await self.accounts(directlyIn: next)
            units += try await self.units(directlyIn: next)
        }
        return accounts.sorted { $0.id < $1.id }
    }

    private func accounts(directlyIn unit: String) async throws -> [Account] {
        struct Output: Listing {
            struct Account: Decodable {
                let id: String
                let state: String?
                /// What there was before `State`, and still is elsewhere than at AWS.
                let status: String?

                private enum CodingKeys: String, CodingKey {
                    case id = "Id"
                    case state = "State"
                    case status = "Status"
                }
            }
            let items: [Account]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case items = "Accounts"
                case nextToken = "NextToken"
            }
        }
        return try await pages(of: .listAccountsForParent, unit, as: Output.self).map { account in
            // An account that does not say how it is, is left alone.
            Account(id: account.id, state: account.state ?? account.status ?? "UNKNOWN")
        }
    }

    private func units(directlyIn unit: String) async throws -> [String] {
        struct Output: Listing {
            struct Unit: Decodable {
                let id: String

                private enum CodingKeys: String, CodingKey {
                    case id = "Id"
                }
            }
            let items: [Unit]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case items = "OrganizationalUnits"
                case nextToken = "NextToken"
            }
        }
        return try await pages(of: .listOrganizationalUnitsForParent, unit, as: Output.self).map(\.id)
    }

    /// Pages may be empty and not be the last, so that only a missing token ends them.
    private func pages<Output: Listing>(
        of operation: AWSOperation,
        _ parent: String,
        as _: Output.Type
    ) async throws -> [Output.Item] {
        var items: [Output.Item] = []
        var token: String?
        repeat {
            var call = try AWSCall.json(
                operation,
                target: "AWSOrganizationsV20161128",
                version: "1.1",
                subject: parent,
                input: Input(parentId: parent, nextToken: token)
            )
            call.region = region
            let page = try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
            items += page.items ?? []
            token = page.nextToken
        } while token != nil
        return items
    }

    private struct Input: Encodable {
        let parentId: String
        /// The most there may be.
        let maxResults = 20
        let nextToken: String?
    }
}

private protocol Listing: Decodable, Sendable {
    associatedtype Item
    var items: [Item]? { get }
    var nextToken: String? { get }
}
