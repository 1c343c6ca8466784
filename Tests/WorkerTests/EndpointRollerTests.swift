import AWS
import Foundation
import Promotion
import Testing

@testable import Worker

@Suite struct EndpointRollerTests {
    private static func config(_ variants: String, _ more: String = "") throws -> EndpointConfigDescription {
        let text =
            #"{"EndpointConfigName": "c", "EndpointConfigArn": "a", "ProductionVariants": [\#(variants)]\#(more)}"#
        return try JSONDecoder().decode(EndpointConfigDescription.self, from: Data(text.utf8))
    }

    /// What a release neither tests nor rolls is not taken over.
    @Test(
        arguments: [
            (#"{"VariantName": "v", "ModelName": "m"}"#, "", nil),
            (
                #"{"VariantName": "v", "ModelName": "m", "VolumeSizeInGB": 30, "ServerlessConfig": null}"#,
                #", "ShadowProductionVariants": [], "DataCaptureConfig": {"EnableCapture": true}"#, nil
            ),
            (
                #"{"VariantName": "v", "ModelName": "m"}"#,
                #", "AsyncInferenceConfig": {"OutputConfig": {}}"#,
                "it answers asynchronously"
            ),
            (
                #"{"VariantName": "v", "ModelName": "m"}"#,
                #", "ShadowProductionVariants": [{"VariantName": "s", "ModelName": "m"}]"#,
                "it has shadow variants"
            ),
            (
                #"{"VariantName": "v", "ModelName": "m"}, {"VariantName": "u", "ModelName": "m"}"#, "",
                "it has 2 production variants (u, v), and Sluice rolls one"
            ),
            (
                #"{"VariantName": "v", "ModelName": "m", "ServerlessConfig": {"MaxConcurrency": 1}}"#, "",
                "its variant v is serverless"
            ),
            (
                #"{"VariantName": "v", "InstanceType": "ml.m5.large"}"#, "",
                "its variant v has no model of its own, but inference components"
            ),
        ] as [(String, String, String?)]
    )
    func adoptsWhatItCanCarryOn(_ variants: String, _ more: String, _ obstacle: String?) throws {
        #expect(Adoption.obstacle(in: try Self.config(variants, more)) == obstacle)
    }

    /// Parts of a second count as whole ones, so that nothing is watched for less than was asked.
    @Test func trafficIsAskedForInSageMakersUnits() {
        let canary = TrafficDocument(
            shift: .canary(percent: 10),
            wait: .seconds(600),
            alarms: ["5xx"],
            maximumExecution: .seconds(3600),
            terminationWait: .milliseconds(1500)
        )
        #expect(
            DeploymentConfig(canary)
                == DeploymentConfig(
                    routing: .canary(percent: 10),
                    waitSeconds: 600,
                    terminationWaitSeconds: 2,
                    maximumExecutionSeconds: 3600,
                    alarms: ["5xx"]
                )
        )
        #expect(
            DeploymentConfig(TrafficDocument(shift: .linear(percent: 20)))
                == DeploymentConfig(routing: .linear(percent: 20), waitSeconds: 0)
        )
        #expect(
            DeploymentConfig(TrafficDocument(shift: .allAtOnce, wait: .seconds(1)))
                == DeploymentConfig(routing: .allAtOnce, waitSeconds: 1)
        )
    }
}
