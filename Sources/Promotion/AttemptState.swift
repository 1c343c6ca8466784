extension Attempt {
    /// How far an attempt is. Each case says how it is left.
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Reading packages, pins and the endpoint as it is.
        ///
        /// Exits: a package, pin or foreign endpoint says no → `failed`; a status is no longer accepted,
        /// or it is recalled → `aborted`; our endpoint is in `Failed` → `clearing`; otherwise → `copying`,
        /// or for a rollback whose config is known → `updating`, or `testing` where that config is live
        /// already; the budget is spent → `errored`.
        case inspecting
        /// Deleting our own endpoint that ended in `Failed`, which AWS lets nobody update.
        ///
        /// Exits: deleted → `inspecting`; refused by AWS → `failed`; recalled → `aborted`; the budget is
        /// spent → `errored`.
        case clearing
        /// Copying artifacts under the release's own prefix.
        ///
        /// Exits: every one is there and is what was pinned → `creatingModel`; one differs from its pin
        /// → `failed`; recalled → `aborted`; the budget is spent → `errored`.
        case copying
        /// Creating the SageMaker model that points at the prefix.
        ///
        /// Exits: created → `creatingConfig`; refused by AWS → `failed`; recalled → `aborted`; the budget
        /// is spent → `errored`.
        case creatingModel
        /// Creating the endpoint config that names the model.
        ///
        /// Exits: created → `updating`, or `testing` where that very config is live already; refused by AWS
        /// → `failed`; recalled → `aborted`; the budget is spent → `errored`.
        case creatingConfig
        /// Asking for the switch, by CreateEndpoint or UpdateEndpoint.
        ///
        /// Exits: accepted → `awaiting`; refused by AWS → `failed`; recalled before it was accepted →
        /// `aborted`; a rollback's config is gone → `copying`; the budget is spent → `errored`.
        case updating
        /// The switch was accepted and runs.
        ///
        /// Exits: in service on our config → `testing`, or where it is recalled → `restoring`; rolled back or failed → `failed`, or `updating`
        /// again where AWS blames itself or somebody else's config is live, and `clearing` where it
        /// blames itself for a first deployment, which only leaves the endpoint to be deleted; impaired →
        /// `restoring`, or `failed` where nothing was live before; failed where something was, gone for
        /// good, or the budget is spent → `errored`; recalled, and the switch did not last or there was
        /// nothing before → `aborted`.
        case awaiting
        /// Asking every changed target model the smoke test's questions.
        ///
        /// Exits: all answer as expected → `soaking`, or `verified` where there is no soak; one does not
        /// → `restoring`, or `failed` where nothing was live before; the budget is spent → `restoring`,
        /// or `errored` where nothing was; recalled → `restoring`, or `aborted` where nothing was.
        case testing
        /// Verified, and watched for a while before the release goes on.
        ///
        /// Exits: the time is over, or somebody who may cuts it → `verified`; an alarm goes off →
        /// `restoring`, or `failed` where nothing was live before; recalled → `restoring`, or `aborted`
        /// where nothing was.
        case soaking
        /// Asking for the config that was live before.
        ///
        /// Exits: accepted → `awaitingRestore`; refused, or the budget is spent → `errored`.
        case restoring
        /// The way back was accepted and runs.
        ///
        /// Exits: what was live serves again → `failed`, or `aborted` where it was recalled; anything else
        /// → `errored`, and a person is asked.
        case awaitingRestore
        /// In service, the live config is ours, and every check passed. No exit.
        case verified
        /// A check said no, and what served before serves. No exit.
        case failed
        /// The retry budget is spent, or the way back failed. No exit.
        case errored
        /// A version was withdrawn in the registry, or a person took it back. No exit.
        case aborted

        /// Where an attempt can go from here; the README's diagram shows the same edges.
        public var exits: Set<State> {
            switch self {
            case .inspecting: [.clearing, .copying, .updating, .testing, .failed, .errored, .aborted]
            case .clearing: [.inspecting, .failed, .errored, .aborted]
            case .copying: [.creatingModel, .failed, .errored, .aborted]
            case .creatingModel: [.creatingConfig, .failed, .errored, .aborted]
            case .creatingConfig: [.updating, .testing, .failed, .errored, .aborted]
            case .updating: [.awaiting, .copying, .failed, .errored, .aborted]
            case .awaiting: [.testing, .updating, .clearing, .restoring, .failed, .errored, .aborted]
            case .testing: [.soaking, .verified, .restoring, .failed, .errored, .aborted]
            case .soaking: [.verified, .restoring, .failed, .aborted]
            case .restoring: [.awaitingRestore, .errored]
            case .awaitingRestore: [.failed, .errored, .aborted]
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
