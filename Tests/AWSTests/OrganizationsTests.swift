import TestTools
import Testing

@testable import AWS

@Suite struct OrganizationsTests {
    @Test func readsAllAccountsOfAUnitAndOfThoseBelow() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            // A page may be empty and not be the last.
            TestReply(200, #"{"Accounts": [], "NextToken": "t"}"#),
            TestReply(
                200,
                #"""
                {"Accounts": [{"Id": "333333333333", "State": "SUSPENDED", "Status": "ACTIVE"},
                    {"Id": "222222222222", "Status": "ACTIVE"}, {"Id": "555555555555"}]}
                """#
            ),
            TestReply(200, #"{"OrganizationalUnits": [{"Id": "ou-r-below", "Name": "below"}]}"#),
            TestReply(200, #"{"Accounts": [{"Id": "111111111111", "State": "ACTIVE"}]}"#),
            TestReply(200, #"{"OrganizationalUnits": []}"#)
        )
        let organizations = Organizations(bench.client, partitionOf: "eu-west-1")
        let accounts = try await organizations.accounts(below: "ou-r-above")
        #expect(accounts.map(\.id) == ["111111111111", "222222222222", "333333333333", "555555555555"])
        #expect(accounts.map(\.state) == ["ACTIVE", "ACTIVE", "SUSPENDED", "UNKNOWN"])
        #expect(accounts.map(\.isActive) == [true, true, false, false])
        let requests = try await bench.server.requests()
        #expect(
            requests.map { $0.header("X-Amz-Target")[0].split(separator: ".")[1] } == [
                "ListAccountsForParent", "ListAccountsForParent", "ListOrganizationalUnitsForParent",
                "ListAccountsForParent", "ListOrganizationalUnitsForParent",
            ]
        )
        try expect(requests[1], #"{"ParentId": "ou-r-above", "MaxResults": 20, "NextToken": "t"}"#)
        try expect(requests[3], #"{"ParentId": "ou-r-below", "MaxResults": 20}"#)
        // Organizations answers in one region of each partition, whatever region the worker is in.
        #expect(requests[0].header("Authorization")[0].contains("/us-east-1/organizations/aws4_request"))
    }

    @Test(arguments: [("cn-north-1", "cn-northwest-1"), ("us-gov-east-1", "us-gov-west-1")])
    func isAskedInThePartitionsOwnRegion(_ region: String, _ place: String) async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(400, #"{"__type": "ParentNotFoundException", "Message": "no such unit"}"#)
        )
        let error = await fails {
            _ = try await Organizations(bench.client, partitionOf: region).accounts(below: "ou-r-gone")
        }
        #expect(error?.kind == .notFound(.other))
        #expect(error?.description.contains("ou-r-gone") == true)
        let request = try await bench.server.requests()[0]
        #expect(request.header("Authorization")[0].contains("/\(place)/organizations/"))
    }
}
