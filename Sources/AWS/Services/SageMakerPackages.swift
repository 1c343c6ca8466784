public import Foundation

extension SageMaker {
    /// One version of a model package group.
    ///
    /// See [DescribeModelPackage](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackage.html).
    ///
    /// - Parameter arn: The package's ARN; one of another account works where its group's policy allows it.
    public func describeModelPackage(arn: String) async throws -> ModelPackage {
        struct Input: Encodable { let modelPackageName: String }
        return try await send(.describeModelPackage, subject: arn, Input(modelPackageName: arn))
    }

    /// One page of a group's versions, or of all versioned packages of the account.
    ///
    /// See [ListModelPackages](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackages.html).
    ///
    /// - Parameters:
    ///   - group: A name, an ARN for a group of another account, or nil for all groups.
    ///   - nextToken: From the page before; nil for the first.
    ///   - newestFirst: By time of creation; AWS's own default is oldest first.
    ///   - maximum: The most summaries in a page, 1 to 100.
    public func listModelPackages(
        group: String?,
        approvalStatus: ModelApprovalStatus? = nil,
        nextToken: String? = nil,
        newestFirst: Bool = true,
        maximum: Int = 100
    ) async throws -> Page<ModelPackageSummary> {
        struct Input: Encodable {
            let modelPackageGroupName: String?
            let modelApprovalStatus: String?
            // Without a group AWS lists only packages that belong to none.
            let modelPackageType = "Versioned"
            let sortBy = "CreationTime"
            let sortOrder: String
            let maxResults: Int
            let nextToken: String?
        }
        struct Output: Decodable {
            let packages: [ModelPackageSummary]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case packages = "ModelPackageSummaryList"
                case nextToken = "NextToken"
            }
        }
        let output: Output = try await send(
            .listModelPackages,
            subject: group ?? "all groups",
            Input(
                modelPackageGroupName: group,
                modelApprovalStatus: approvalStatus?.rawValue,
                sortOrder: newestFirst ? "Descending" : "Ascending",
                maxResults: maximum,
                nextToken: nextToken
            )
        )
        return Page(items: output.packages ?? [], nextToken: output.nextToken)
    }
}

/// One page of a list.
public struct Page<Item: Sendable>: Sendable {
    /// May be empty although more pages follow.
    public let items: [Item]
    /// What the next page is asked for with; nil on the last.
    public let nextToken: String?
}

/// Whether people approved a version.
public struct ModelApprovalStatus: RawRepresentable, Sendable, Hashable, Decodable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let approved = ModelApprovalStatus(rawValue: "Approved")
    public static let rejected = ModelApprovalStatus(rawValue: "Rejected")
    public static let pendingManualApproval = ModelApprovalStatus(rawValue: "PendingManualApproval")
}

/// One version of a model package group, as DescribeModelPackage shows it.
public struct ModelPackage: Sendable, Decodable {
    public let arn: String
    /// The group's name; nil for a package that belongs to none.
    public let group: String?
    public let version: Int?
    /// `Pending`, `InProgress`, `Completed`, `Failed` or `Deleting`; only a completed one can be deployed.
    public let status: String
    public let approvalStatus: ModelApprovalStatus?
    public let creationTime: Date
    /// To fractions of a second. Absent from a package nobody has changed since it was created.
    public let lastModifiedTime: Date?
    public let containers: [PackageContainer]
    /// The IAM principal that changed it last, as `AIDA…` or `AROA…:<session>`; nil where AWS names none.
    public let lastModifiedBy: String?

    private enum CodingKeys: String, CodingKey {
        case arn = "ModelPackageArn"
        case group = "ModelPackageGroupName"
        case version = "ModelPackageVersion"
        case status = "ModelPackageStatus"
        case approvalStatus = "ModelApprovalStatus"
        case creationTime = "CreationTime"
        case lastModifiedTime = "LastModifiedTime"
        case inference = "InferenceSpecification"
        case lastModifiedBy = "LastModifiedBy"
    }

    private struct User: Decodable {
        let identity: Identity?

        struct Identity: Decodable {
            let principalID: String?

            private enum CodingKeys: String, CodingKey { case principalID = "PrincipalId" }
        }

        private enum CodingKeys: String, CodingKey { case identity = "IamIdentity" }
    }

    private struct Inference: Decodable {
        let containers: [PackageContainer]?

        private enum CodingKeys: String, CodingKey { case containers = "Containers" }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        arn = try values.decode(String.self, forKey: .arn)
        group = try values.decodeIfPresent(String.self, forKey: .group)
        version = try values.decodeIfPresent(Int.self, forKey: .version)
        status = try values.decode(String.self, forKey: .status)
        approvalStatus = try values.decodeIfPresent(ModelApprovalStatus.self, forKey: .approvalStatus)
        creationTime = try values.decode(Date.self, forKey: .creationTime)
        lastModifiedTime = try values.decodeIfPresent(Date.self, forKey: .lastModifiedTime)
        containers = try values.decodeIfPresent(Inference.self, forKey: .inference)?.containers ?? []
        lastModifiedBy = try values.decodeIfPresent(User.self, forKey: .lastModifiedBy)?.identity?.principalID
    }
}

/// One container of a model package.
public struct PackageContainer: Sendable, Decodable {
    public let image: String
    /// `sha256:` and the image's digest.
    public let imageDigest: String?
    /// Where the artifact is, as `s3://bucket/key` or an `https` URL.
    public let modelDataURL: String?
    /// The ETag the artifact had when the package was created.
    public let modelDataETag: String?
    /// Whether the artifact is given as a `ModelDataSource`, which a multi-model endpoint cannot serve.
    public let hasModelDataSource: Bool
    /// Variables the package sets for its container.
    public let environment: [String: String]

    private enum CodingKeys: String, CodingKey {
        case image = "Image"
        case imageDigest = "ImageDigest"
        case modelDataURL = "ModelDataUrl"
        case modelDataETag = "ModelDataETag"
        case modelDataSource = "ModelDataSource"
        case environment = "Environment"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        image = try values.decodeIfPresent(String.self, forKey: .image) ?? ""
        imageDigest = try values.decodeIfPresent(String.self, forKey: .imageDigest)
        modelDataURL = try values.decodeIfPresent(String.self, forKey: .modelDataURL)
        modelDataETag = try values.decodeIfPresent(String.self, forKey: .modelDataETag)
        let hasKey = values.contains(.modelDataSource)
        hasModelDataSource = try hasKey && !values.decodeNil(forKey: .modelDataSource)
        environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? [:]
    }
}

/// One version of a model package group, as ListModelPackages shows it.
public struct ModelPackageSummary: Sendable, Decodable {
    public let arn: String
    public let group: String?
    public let version: Int?
    public let status: String
    public let approvalStatus: ModelApprovalStatus?
    public let creationTime: Date

    private enum CodingKeys: String, CodingKey {
        case arn = "ModelPackageArn"
        case group = "ModelPackageGroupName"
        case version = "ModelPackageVersion"
        case status = "ModelPackageStatus"
        case approvalStatus = "ModelApprovalStatus"
        case creationTime = "CreationTime"
    }
}
