/// An endpoint's `container`, which takes the place of the model packages' own.
public struct ContainerDocument: Hashable, Sendable {
    /// The image's path in a container registry.
    public var image: String
    /// The container's environment. Default: empty.
    public var environment: [String: String]

    public init(image: String, environment: [String: String] = [:]) {
        self.image = image
        self.environment = environment
    }
}
