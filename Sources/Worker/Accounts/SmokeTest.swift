/// One entry of an endpoint's `smoke`: what a freshly rolled out model is asked, and what must come back.
public struct SmokeTest: Hashable, Sendable {
    /// The target model it is for; without one, every target that has no entry of its own.
    public var target: String?
    public var question: Question
    /// How long a reply may take once the model has loaded. Default: as long as SageMaker allows.
    public var within: Duration?

    /// What is asked.
    public enum Question: Hashable, Sendable {
        case requests(Requests)
        case golden(GoldenSet)
    }

    public init(target: String? = nil, question: Question, within: Duration? = nil) {
        self.target = target
        self.question = question
        self.within = within
    }

    /// The requests, where that is what is asked.
    public var requests: Requests? {
        if case .requests(let requests) = question { requests } else { nil }
    }

    /// The same request several times, because each instance of a multi-model endpoint loads a model on
    /// its own.
    public struct Requests: Hashable, Sendable {
        public var contentType: String
        public var body: Body
        /// How often it is asked; each answer is judged. Default: once per instance of the stage, and at
        /// least twice.
        public var invocations: Int?
        /// What each reply must hold, besides a status of 2xx. Default: nothing more.
        public var expect: [Expectation]

        public init(
            contentType: String,
            body: Body,
            invocations: Int? = nil,
            expect: [Expectation] = []
        ) {
            self.contentType = contentType
            self.body = body
            self.invocations = invocations
            self.expect = expect
        }
    }

    /// Where a request's body comes from.
    public enum Body: Hashable, Sendable {
        /// From the document, or from a file beside it, read when the folder was.
        case bytes([UInt8])
        /// From an object that the deployment role can read.
        case object(S3Object)
    }

    /// One object in S3, `s3://bucket/key`.
    public struct S3Object: Hashable, Sendable, CustomStringConvertible {
        public var bucket: String
        public var key: String

        public init(bucket: String, key: String) {
            self.bucket = bucket
            self.key = key
        }

        public var description: String { "s3://\(bucket)/\(key)" }
    }

    /// A CSV with known answers: the model is asked for every row, and its errors are measured.
    public struct GoldenSet: Hashable, Sendable {
        /// A CSV with a header line.
        public var data: S3Object
        /// The column with the right answer; the others, in order, are the model's input.
        public var label: String
        public var threshold: Threshold
        /// Where the reply to one row has the prediction.
        public var prediction: Place

        public init(data: S3Object, label: String, threshold: Threshold, prediction: Place) {
            self.data = data
            self.label = label
            self.threshold = threshold
            self.prediction = prediction
        }

        public enum Threshold: Hashable, Sendable {
            /// The mean absolute error is at most this.
            case mae(atMost: Double)
            /// The root of the mean squared error is at most this.
            case rmse(atMost: Double)
            /// The share of rows whose prediction is the label is at least this, 0 to 1.
            case accuracy(atLeast: Double)
        }
    }
}

extension SmokeTest {
    /// A place in a reply.
    public enum Place: Hashable, Sendable {
        /// A JSON Pointer (RFC 6901); empty for the whole reply.
        case pointer(String)
        /// A column of the reply's first line as CSV, counted from 0.
        case column(Int)
    }

    /// What one place of a smoke test's reply must hold.
    public struct Expectation: Hashable, Sendable {
        public var place: Place
        /// What must be there.
        public var check: Check

        public init(place: Place, check: Check) {
            self.place = place
            self.check = check
        }

        /// A demand on the value at the place.
        public enum Check: Hashable, Sendable {
            /// The value is this one.
            case equals(Value)
            /// The value is a number from the low end to the high end, both included.
            case between(low: Double, high: Double)
        }

        /// A value that `equals` may ask for.
        public enum Value: Hashable, Sendable {
            case text(String)
            case number(Double)
            case flag(Bool)
        }
    }
}
