/// What SageMaker itself needs to run the models: no call of this program, but nothing serves without it.
extension AccountsFolder {
    var executionRoles: [RolePermissions] {
        Dictionary(
            grouping: deployments(artifacts: ArtifactSources(owners: [], prefixes: [])),
            by: \.account.executionRole
        )
        .sorted { $0.key < $1.key }
        .map { role, deployments in
            RolePermissions(
                who: "execution role of " + deployments.map(\.account.name).joined(separator: ", "),
                arn: role,
                statements: deployments.flatMap { deployment in
                    deployment.execution(sid: deployments.count > 1 ? deployment.account.name.asSID : "")
                },
                trust: [.sageMaker(in: deployments.map(\.account.account).unique)]
            )
        }
    }
}

extension RolePermissions {
    /// Of an execution role what a release needs; logs and metrics are missed by nobody's, and of which images is
    /// not asked where the accounts folder does not say.
    var loading: RolePermissions {
        let spared = ["Logs", "Metrics"]
        let loads = statements.filter { statement in
            let isUnknown = statement.sid.hasPrefix("PullImages") && statement.resources == ["*"]
            return !isUnknown && !spared.contains { statement.sid.hasPrefix($0) }
        }
        return RolePermissions(who: who, arn: arn, statements: loads, trust: trust)
    }
}

extension Statement {
    fileprivate static func sageMaker(in accounts: [String]) -> Statement {
        Statement(
            "SageMaker",
            ["sts:AssumeRole"],
            on: [],
            condition: ["StringEquals": ["aws:SourceAccount": accounts]],
            principal: .service("sagemaker.amazonaws.com"),
            because: "SageMaker runs the models with it, for this account alone."
        )
    }
}

extension Deployment {
    /// What the execution role's trust policy has to say.
    var executionTrust: Statement { .sageMaker(in: [account.account]) }

    /// See [Execution role permissions](https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).
    fileprivate func execution(sid suffix: String) -> [Statement] {
        let names = account.names
        var statements = [
            Statement(
                "ReadModels\(suffix)",
                ["s3:GetObject"],
                on: [names.objects(below: account.models)],
                because: "The containers load the models from the copies."
            ),
            Statement(
                "ListModels\(suffix)",
                ["s3:ListBucket"],
                on: [names.bucket(account.models.bucket)],
                because: "A multi-model endpoint finds a target model below its prefix."
            ),
            Statement(
                "PullImages\(suffix)",
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                on: repositories ?? ["*"],
                because: repositories == nil
                    ? "Which images there are, the registry's packages say, and not the accounts folder."
                    : "The endpoints' containers are pulled from there."
            ),
            Statement(
                "PullToken\(suffix)",
                ["ecr:GetAuthorizationToken"],
                on: ["*"],
                because: "AWS lets the token be allowed on everything alone."
            ),
            Statement(
                "Logs\(suffix)",
                [
                    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
                on: endpoints.flatMap { endpoint in
                    let group = "log-group:/aws/sagemaker/Endpoints/\(account.liveName(of: endpoint.name))"
                    return [names.arn("logs", group), names.arn("logs", "\(group):*")]
                },
                because: "The containers' output goes there."
            ),
            Statement(
                "Metrics\(suffix)",
                ["cloudwatch:PutMetricData"],
                on: ["*"],
                condition: [
                    "StringLike": ["cloudwatch:namespace": ["*SageMaker*", "*Sagemaker*", "*sagemaker*"]]
                ],
                because: "AWS lets metrics be allowed on everything alone; the namespaces are SageMaker's."
            ),
        ]
        if let key = account.kmsKey {
            statements.append(
                Statement(
                    "Key\(suffix)",
                    ["kms:Decrypt"],
                    on: [key],
                    because: "The copies are encrypted with `kmsKey`."
                )
            )
        }
        if !trafficAlarms.isEmpty {
            statements.append(
                Statement(
                    "RollbackAlarms\(suffix)",
                    ["cloudwatch:DescribeAlarms"],
                    on: ["*"],
                    because:
                        "SageMaker goes back on the alarms of `traffic`, and AWS shows composite ones only to "
                        + "who may see all."
                )
            )
        }
        return statements
    }

    /// The alarms that make SageMaker take an update back here.
    var trafficAlarms: [String] {
        endpoints.flatMap { $0.stage(ofAccount: account.name)?.traffic?.alarms ?? [] }.unique
    }
}
