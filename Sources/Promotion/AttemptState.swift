extension Attempt {
    /// How far an attempt is. Each case says how it is left.
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Reading packages, pins and the endpoint as it is.
        ///
        /// Exits: a package, pin or foreign endpoint says no → `failed`; a status is no longer accepted
        /// → `aborted`; our endpoint is in `Failed` → `clearing`; otherwise → `copying`; the budget is
        /// spent → `errored`.
        case inspecting
        /// Deleting our own endpoint that ended in `Failed`, which AWS lets nobody update.
        ///
        /// Exits: deleted → `inspecting`; refused by AWS → `failed`; the budget is spent → `errored`.
        case clearing
        /// Copying artifacts under the release's own prefix.
        ///
        /// Exits: every one is there and is what was pinned → `creatingModel`; one differs from its pin
        /// → `failed`; the budget is spent → `errored`.
        case copying
        /// Creating the SageMaker model that points at the prefix.
        ///
        /// Exits: created → `creatingConfig`; refused by AWS → `failed`; the budget is spent → `errored`.
        case creatingModel
        /// Creating the endpoint config that names the model.
        ///
        /// Exits: created → `updating`; refused by AWS → `failed`; the budget is spent → `errored`.
        case creatingConfig
        /// Asking for the switch, by CreateEndpoint or UpdateEndpoint.
        ///
        /// Exits: accepted → `awaiting`; refused by AWS → `failed`; the budget is spent → `errored`.
        case updating
        /// The switch was accepted and runs.
        ///
        /// Exits: in service on our config → `testing`; rolled back or failed → `failed`, or `updating`
        /// again where AWS blames itself or somebody else's config is live, and `clearing` where it
        /// blames itself for a first deployment, which only leaves the endpoint to be deleted; impaired →
        /// `restoring`, or `failed` where nothing was live before; failed where something was, gone for
        /// good, or the budget is spent → `errored`.
        case awaiting
        /// Asking every changed target model the smoke test's questions.
        ///
        /// Exits: all answer as expected → `soaking`, or `verified` where there is no soak; one does not
        /// → `restoring`, or `failed` where nothing was live before; the budget is spent → `restoring`,
        /// or `errored` where nothing was.
        case testing
        /// Verified, and watched for a while before the release goes on.
        ///
        /// Exit: the time is over → `verified`.
        case soaking
        /// Asking for the config that was live before.
        ///
        /// Exits: accepted → `awaitingRestore`; refused, or the budget is spent → `errored`.
        case restoring
        /// The way back was accepted and runs.
        ///
        /// Exits: what was live serves again → `failed`; anything else → `errored`, and a person is asked.
        case awaitingRestore
        /// In service, the live config is ours, and every check passed. No exit.
        case verified
        /// A check said no, and what served before serves. No exit.
        case failed
        /// The retry budget is spent, or the way back failed. No exit.
        case errored
        /// A version was withdrawn in the registry before anything changed. No exit.
        case aborted

        /// Where an attempt can go from here; the README's diagram shows the same edges.
        public var exits: Set<State> {
            switch self {
            case .inspecting: [.clearing, .copying, .failed, .errored, .aborted]
            case .clearing: [.inspecting, .failed, .errored]
            case .copying: [.creatingModel, .failed, .errored]
            case .creatingModel: [.creatingConfig, .failed, .errored]
            case .creatingConfig: [.updating, .failed, .errored]
            case .updating: [.awaiting, .failed, .errored]
            case .awaiting: [.testing, .updating, .clearing, .restoring, .failed, .errored]
            case .testing: [.soaking, .verified, .restoring, .failed, .errored]
            case .soaking: [.verified]
            case .restoring: [.awaitingRestore, .errored]
            case .awaitingRestore: [.failed, .errored]
            case .verified, .failed, .errored, .aborted: []
            }
        }

        public var isEnded: Bool { exits.isEmpty }

        /// Whether a hold stops the state's effect. A switch that was already asked for is awaited,
        /// tested and, if bad, restored whatever is held.
        public var isHeldByHolds: Bool {
            switch self {
            case .inspecting, .clearing, .copying, .creatingModel, .creatingConfig, .updating: true
            default: false
            }
        }
    }
}
