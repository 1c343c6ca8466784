/// An endpoint's production variant, as it is in force in one stage.
public struct VariantDocument: Hashable, Sendable {
    /// The variant's name. Default: `AllTraffic`.
    public var name: String
    /// The instance type, such as `ml.m5.large`.
    public var instance: String
    /// How many instances it starts with.
    public var count: Int
    /// The ARN of the key that encrypts the instances' volumes; without one SageMaker's own does.
    public var volumeKmsKey: String?

    public init(
        name: String = VariantDocument.nameByDefault,
        instance: String,
        count: Int,
        volumeKmsKey: String? = nil
    ) {
        self.name = name
        self.instance = instance
        self.count = count
        self.volumeKmsKey = volumeKmsKey
    }

    /// The variant's name where the document does not say.
    public static let nameByDefault = "AllTraffic"
}
