import Foundation
import Native
import Testing

/// An organizational unit with the world's prod account in it, which prod's document is for from now on.
///
/// The registry's account manages the organization, unless it is said to be a member.
struct Unit: Sendable {
    let id: String
    private let management: String
    private let world: World

    init(_ world: World, management: String? = nil) async throws {
        self.world = world
        self.management = management ?? world.registry
        _ = try await Self.ask(world, self.management, "CreateOrganization", ["FeatureSet": "ALL"])
        let roots = try await Self.ask(world, self.management, "ListRoots", [:])
        let root = try #require(roots["Roots"]?.array?.first?["Id"]?.string)
        let made = try await Self.ask(
            world,
            self.management,
            "CreateOrganizationalUnit",
            ["ParentId": .string(root), "Name": "live"]
        )
        id = try #require(made["OrganizationalUnit"]?["Id"]?.string)
        if let management {
            try await world.aws.post(
                "organizations/accounts",
                ["management": .string(management), "account": .string(world.registry)]
            )
        }
        try world.edit("prod.yaml", "name: prod\n", "name: prod-{account}\n")
        try world.edit("prod.yaml", "account: \"\(world.prod)\"", "organizationalUnit: \(id)")
        try world.edit("prod.yaml", world.prod, "{account}")
        try world.edit("demand-forecast.yaml", "accounts: [prod]", "accounts: [\"prod-{account}\"]")
    }

    private static func ask(
        _ world: World,
        _ management: String,
        _ operation: String,
        _ input: JSONValue
    ) async throws -> JSONValue {
        try await world.aws.post(
            "aws",
            [
                "account": .string(management), "service": "organizations", "region": "us-east-1",
                "operation": .string(operation), "input": input,
            ]
        )
    }

    func ask(_ operation: String, _ input: JSONValue) async throws -> JSONValue {
        try await Self.ask(world, management, operation, input)
    }

    /// Brings an account into the unit.
    ///
    /// - Parameter state: How it is, as Organizations would say.
    func add(_ account: String, state: String = "ACTIVE") async throws {
        try await world.aws.post(
            "organizations/accounts",
            [
                "management": .string(management), "account": .string(account), "parent": .string(id),
                "state": .string(state),
            ]
        )
    }

    func close(_ account: String) async throws {
        _ = try await ask("CloseAccount", ["AccountId": .string(account)])
    }

    /// A new account with all that a deployment account has.
    func account() async throws -> String {
        let number = String(Int.random(in: 100_000_000_000...999_999_999_999))
        try await world.aws.post(
            "worlds",
            [
                "registry": .string(world.registry),
                "accounts": [["name": "prod", "account": .string(number)]],
                "groups": .array(World.groups.map(JSONValue.string)), "externalId": "acme",
            ]
        )
        return number
    }
}
