public import Foundation

/// What an endpoint is doing. AWS may add values.
public struct EndpointStatus: RawRepresentable, Sendable, Hashable, Decodable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let outOfService = EndpointStatus(rawValue: "OutOfService")
    public static let creating = EndpointStatus(rawValue: "Creating")
    public static let updating = EndpointStatus(rawValue: "Updating")
    public static let systemUpdating = EndpointStatus(rawValue: "SystemUpdating")
    public static let rollingBack = EndpointStatus(rawValue: "RollingBack")
    public static let inService = EndpointStatus(rawValue: "InService")
    public static let deleting = EndpointStatus(rawValue: "Deleting")
    public static let failed = EndpointStatus(rawValue: "Failed")
    public static let updateRollbackFailed = EndpointStatus(rawValue: "UpdateRollbackFailed")
}

/// An endpoint as DescribeEndpoint shows it.
public struct EndpointDescription: Sendable, Decodable {
    public let name: String
    public let arn: String
    public let status: EndpointStatus
    /// The config that is live.
    public let configName: String?
    /// The config an update in progress moves to.
    public let pendingConfigName: String?
    /// Why the last change failed. It may be absent although one did.
    public let failureReason: String?
    public let creationTime: Date?
    public let lastModifiedTime: Date
    public let variants: [EndpointVariantStatus]
    /// How the last update moved the traffic: `ALL_AT_ONCE`, `CANARY`, `LINEAR` or `ROLLING`; nil where AWS
    /// does not say.
    public let lastTraffic: String?

    private enum CodingKeys: String, CodingKey {
        case name = "EndpointName"
        case arn = "EndpointArn"
        case status = "EndpointStatus"
        case configName = "EndpointConfigName"
        case pending = "PendingDeploymentSummary"
        case failureReason = "FailureReason"
        case creationTime = "CreationTime"
        case lastModifiedTime = "LastModifiedTime"
        case variants = "ProductionVariants"
        case lastDeployment = "LastDeploymentConfig"
    }

    private struct Pending: Decodable {
        let configName: String?

        private enum CodingKeys: String, CodingKey { case configName = "EndpointConfigName" }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        arn = try values.decode(String.self, forKey: .arn)
        status = try values.decode(EndpointStatus.self, forKey: .status)
        configName = try values.decodeIfPresent(String.self, forKey: .configName)
        pendingConfigName = try values.decodeIfPresent(Pending.self, forKey: .pending)?.configName
        failureReason = try values.decodeIfPresent(String.self, forKey: .failureReason)
        creationTime = try values.decodeIfPresent(Date.self, forKey: .creationTime)
        lastModifiedTime = try values.decode(Date.self, forKey: .lastModifiedTime)
        variants = try values.decodeIfPresent([EndpointVariantStatus].self, forKey: .variants) ?? []
        lastTraffic = try values.decodeIfPresent(LastDeployment.self, forKey: .lastDeployment)?.traffic
    }
}

/// One production variant of a live endpoint.
public struct EndpointVariantStatus: Sendable, Equatable, Decodable {
    public let name: String
    public let currentInstanceCount: Int?
    public let desiredInstanceCount: Int?
    public let currentWeight: Double?
    public let desiredWeight: Double?

    private enum CodingKeys: String, CodingKey {
        case name = "VariantName"
        case currentInstanceCount = "CurrentInstanceCount"
        case desiredInstanceCount = "DesiredInstanceCount"
        case currentWeight = "CurrentWeight"
        case desiredWeight = "DesiredWeight"
    }
}

/// An endpoint as ListEndpoints shows it.
public struct EndpointSummary: Sendable, Decodable {
    public let name: String
    public let status: EndpointStatus
    public let lastModifiedTime: Date

    private enum CodingKeys: String, CodingKey {
        case name = "EndpointName"
        case status = "EndpointStatus"
        case lastModifiedTime = "LastModifiedTime"
    }
}
