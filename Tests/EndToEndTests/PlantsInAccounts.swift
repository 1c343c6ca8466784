import Foundation
import Native

/// The faults of staging and prod, and of what endpoints name there.
extension Plants {
    /// Roles, keys and quotas of staging and prod.
    func accounts() async throws -> [Plant] {
        try await world.administer(
            world.staging,
            "iam",
            "PutRolePolicy",
            [
                "RoleName": "sluice-deploy", "PolicyName": "p",
                "PolicyDocument": .string(World.allBut("iam:PassRole").text),
            ]
        )
        try world.edit("staging.yaml", "role/sagemaker-role-staging", "role/nobody-made-it")
        let trust: JSONValue = [
            "Version": "2012-10-17",
            "Statement": [
                [
                    "Effect": "Allow", "Principal": ["Service": "ec2.amazonaws.com"],
                    "Action": "sts:AssumeRole",
                ]
            ],
        ]
        try await world.administer(
            world.prod,
            "iam",
            "UpdateAssumeRolePolicy",
            ["RoleName": "sagemaker-role-prod", "PolicyDocument": .string(trust.text)]
        )
        let key =
            try await world.administer(world.staging, "kms", "CreateKey")["KeyMetadata"]?["Arn"]?.string ?? ""
        try await world.administer(
            world.staging,
            "kms",
            "DisableKey",
            ["KeyId": .string(key.replacing(/^.*\//, with: ""))]
        )
        try world.edit("staging.yaml", "# Optional: tags", "kmsKey: \(key)\n# Optional: tags")
        let gone = "arn:aws:kms:eu-west-1:\(world.prod):key/11111111-2222-3333-4444-555555555555"
        try world.edit("prod.yaml", "# Optional: the key", "kmsKey: \(gone)\n# Optional: the key")
        try await world.aws.post(
            "quotas",
            ["account": .string(world.staging), "name": "ml.m5.large for endpoint usage", "value": 1]
        )
        return [
            Plant(account: "staging", check: "pass role", text: "iam:PassRole", fix: "iam:PassedToService"),
            Plant(
                account: "staging",
                check: "execution role",
                text: "nobody-made-it",
                fix: "`executionRole`"
            ),
            Plant(
                account: "prod",
                check: "execution role",
                text: "does not trust SageMaker",
                fix: "sagemaker.amazonaws.com"
            ),
            Plant(account: "staging", check: "key", text: "is Disabled", fix: "enable it"),
            Plant(account: "prod", check: "key", text: "no key \(gone)", fix: "`kmsKey`"),
            Plant(account: "staging", check: "quota", text: "1 are allowed, and 2", fix: "at least 2"),
        ]
    }

    /// What the endpoints' documents name and is not there.
    func endpoints() async throws -> [Plant] {
        let file = "demand-forecast.yaml"
        try world.edit(file, "/linear:1}", "/linear:gone}")
        try world.edit(file, "      approvals: 1\n", "      approvals: 1\n      alarms: [never-rings]\n")
        try world.edit(
            file,
            "    variant: {instance: ml.m5.xlarge, count: 2}\n",
            "    variant: {instance: ml.m5.xlarge, count: 2}\n"
                + "    traffic: {canary: 50%, wait: 1m, alarms: [never-takes-back]}\n"
        )
        try world.edit(
            file,
            "models:\n",
            "models:\n  demand-it.tar.gz: demand-it\n  demand-us.tar.gz: demand-us\n"
        )
        try world.add(
            file: "spare.yaml",
            """
            kind: endpoint
            name: spare
            serves: multi-model
            models: {x.tar.gz: nobody}
            variant: {instance: ml.c5.large, count: 1}
            container: {image: \(world.image.replacing("eu-west-1", with: "us-east-1"))}
            smoke:
              - golden: {data: s3://acme-golden-\(world.registry)/none.csv, label: y, mae: 1}
            stages: [{stage: staging, accounts: [staging]}, {stage: prod, accounts: [prod]}]

            """
        )
        try await world.aws.post(
            "endpoints/create",
            [
                "account": .string(world.prod), "endpoint": .string(World.endpoint),
                "url": .string("s3://acme-prod-models-\(world.prod)/models/"),
            ]
        )
        return [
            Plant(account: "*", check: "artifact", text: "never-written.tar.gz", fix: nil),
            Plant(account: "*", check: "image", text: "linear:gone", fix: "push the image"),
            Plant(account: "*", check: "image", text: "is in us-east-1", fix: "replicate"),
            Plant(account: "*", check: "alarm", text: "never-rings", fix: "`gate`"),
            Plant(account: "prod", check: "alarm", text: "never-takes-back", fix: "`traffic`"),
            Plant(account: "*", check: "test object", text: "none.csv", fix: "`smoke`"),
            Plant(account: "prod", check: "endpoint", text: "was not made by Sluice", fix: "adopt: true"),
        ]
    }
}
