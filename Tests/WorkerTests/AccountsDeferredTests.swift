import Testing
import Worker

/// Every key of the design that nothing acts on yet is refused by name, wherever the design has it.
@Suite struct AccountsDeferredTests {
    @Test(arguments: ["queue", "upstream", "organizationalUnit"])
    func anAccountsKey(_ key: String) throws {
        try expectRefusal(of: key, in: "prod.yaml", line: 5, before: "region:", indent: 0)
    }

    @Test(arguments: ["model", "keep", "adopt", "onRejection", "onModelFailure"])
    func anEndpointsKey(_ key: String) throws {
        try expectRefusal(of: key, in: "endpoint.yaml", line: 8, before: "smoke:", indent: 0)
    }

    @Test(arguments: ["lag", "concurrency", "failureTolerance", "traffic"])
    func aStagesKey(_ key: String) throws {
        try expectRefusal(of: key, in: "endpoint.yaml", line: 16, before: "soak:", indent: 4)
    }

    @Test(arguments: [
        "alarms", "windows", "notRequester", "requiredGroup", "instructions", "remindEvery",
        "insufficientData", "mayOverride", "checks", "namedSessions",
    ])
    func aGatesKey(_ key: String) throws {
        try expectRefusal(of: key, in: "endpoint.yaml", line: 19, before: "approvals:", indent: 6)
    }

    @Test func theVariantsKey() throws {
        var fixture = AccountsFixture()
        try fixture.replace("count: 1}", with: "count: 1, volumeKmsKey: x}", in: "endpoint.yaml")
        #expect(try fixture.problems() == ["accounts/endpoint.yaml:7: `volumeKmsKey` is not implemented yet"])
    }

    @Test func anywhereElseToo() throws {
        var fixture = AccountsFixture()
        try fixture.replace("region:", with: "windows: {zone: UTC}\nregion:", in: "registry.yaml")
        #expect(try fixture.problems() == ["accounts/registry.yaml:3: `windows` is not implemented yet"])
    }

    private func expectRefusal(
        of key: String,
        in file: String,
        line: Int,
        before next: String,
        indent: Int
    ) throws {
        var fixture = AccountsFixture()
        let indent = String(repeating: " ", count: indent)
        try fixture.replace(next, with: "\(key): [x]\n\(indent)\(next)", in: file)
        #expect(try fixture.problems() == ["accounts/\(file):\(line): `\(key)` is not implemented yet"])
    }
}
