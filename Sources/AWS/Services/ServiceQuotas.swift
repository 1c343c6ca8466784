import Native

/// The call made to Service Quotas.
///
/// See [ListServiceQuotas](https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html).
public struct ServiceQuotas: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// The account's quotas of a service in this region, by their names, such as `ml.m5.large for endpoint usage`.
    /// Throws `AWSError`.
    ///
    /// - Parameter code: The service's, such as `sagemaker`.
    public func quotas(ofService code: String) async throws -> [String: Double] {
        struct Input: Encodable {
            let serviceCode: String
            let maxResults = 100
            let nextToken: String?
        }
        struct Output: Decodable {
            struct Quota: Decodable {
                let name: String?
                let value: Double?

                private enum CodingKeys: String, CodingKey {
                    case name = "QuotaName"
                    case value = "Value"
                }
            }
            let quotas: [Quota]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case quotas = "Quotas"
                case nextToken = "NextToken"
            }
        }
        var quotas: [String: Double] = [:]
        var token: String?
        repeat {
            let call = try AWSCall.json(
                .listServiceQuotas,
                target: "ServiceQuotasV20190624",
                version: "1.1",
                subject: code,
                input: Input(serviceCode: code, nextToken: token)
            )
            let page = try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
            for quota in page.quotas ?? [] {
                if let name = quota.name { quotas[name] = quota.value }
            }
            token = page.nextToken
        } while token != nil
        return quotas
    }
}
