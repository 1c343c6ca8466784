import Testing
import Worker

/// Every key of the design that nothing acts on yet is refused by name, wherever the design has it.
@Suite struct AccountsDeferredTests {
    @Test(arguments: ["organizationalUnit"])
    func anAccountsKey(_ key: String) throws {
        try expectRefusal(of: key, in: "prod.yaml", line: 5, before: "region:", indent: 0)
    }

    @Test func anywhereElseToo() throws {
        var fixture = AccountsFixture()
        try fixture.replace("region:", with: "organizationalUnit: [x]\nregion:", in: "registry.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/registry.yaml:3: `organizationalUnit` is not implemented yet"
            ]
        )
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
