package catalog

import "time"

// data are the types that keep something: caches, buckets, tables, keys.
var data = []Type{
	{
		Name: "AWS::ElastiCache::ReplicationGroup", NameProperty: "ReplicationGroupId", NameMax: 40, Lower: true,
		Attributes: map[string]string{
			"PrimaryEndPoint.Address": "master.{ref}.{id6}.use1.cache.amazonaws.com", "PrimaryEndPoint.Port": "6379",
			"ReaderEndPoint.Address": "replica.{ref}.{id6}.use1.cache.amazonaws.com", "ReaderEndPoint.Port": "6379",
			"ConfigurationEndPoint.Address": "clustercfg.{ref}.{id6}.use1.cache.amazonaws.com", "ConfigurationEndPoint.Port": "6379",
			"ReadEndPoint.Addresses": "{ref}-001.{id6}.use1.cache.amazonaws.com", "ReadEndPoint.Ports": "6379",
		},
		Replaces: []string{
			"AtRestEncryptionEnabled", "CacheSubnetGroupName", "DataTieringEnabled", "GlobalReplicationGroupId", "KmsKeyId", "NetworkType",
			"Port", "PreferredCacheClusterAZs", "ReplicasPerNodeGroup", "SnapshotArns", "SnapshotName",
		},
		Conditional: []string{"NodeGroupConfiguration", "NumNodeGroups"},
		Create:      6 * time.Minute, Update: 5 * time.Minute, Delete: 4 * time.Minute,
	},
	{
		Name: "AWS::ElastiCache::CacheCluster", NameProperty: "ClusterName", NameMax: 50, Lower: true,
		Attributes: map[string]string{
			"RedisEndpoint.Address": "{ref}.{id6}.0001.use1.cache.amazonaws.com", "RedisEndpoint.Port": "6379",
			"ConfigurationEndpoint.Address": "{ref}.{id6}.cfg.use1.cache.amazonaws.com", "ConfigurationEndpoint.Port": "11211",
		},
		Replaces: []string{
			"CacheNodeType", "CacheSubnetGroupName", "Engine", "NetworkType", "Port", "SnapshotArns", "SnapshotName", "TransitEncryptionEnabled",
		},
		Conditional: []string{"AZMode", "NumCacheNodes", "PreferredAvailabilityZone", "PreferredAvailabilityZones"},
		Create:      6 * time.Minute, Update: 3 * time.Minute, Delete: 4 * time.Minute,
	},
	{Name: "AWS::ElastiCache::SubnetGroup", NameProperty: "CacheSubnetGroupName", NameMax: 255, Lower: true, Create: 5 * time.Second},
	{
		Name: "AWS::ElastiCache::ParameterGroup", Lower: true, NameMax: 255, Attributes: map[string]string{"CacheParameterGroupName": "{ref}"},
		Replaces: []string{"CacheParameterGroupFamily"},
		Create:   5 * time.Second,
	},
	{
		Name: "AWS::S3::Bucket", NameProperty: "BucketName", NameMax: 63, Lower: true,
		Attributes: map[string]string{
			"Arn": "arn:{partition}:s3:::{ref}", "DomainName": "{ref}.s3.amazonaws.com", "RegionalDomainName": "{ref}.s3.{region}.amazonaws.com",
			"DualStackDomainName": "{ref}.s3.dualstack.{region}.amazonaws.com", "WebsiteURL": "http://{ref}.s3-website-{region}.amazonaws.com",
		},
		Create: 25 * time.Second, Update: 20 * time.Second, Delete: 3 * time.Second,
	},
	{Name: "AWS::S3::BucketPolicy", Ref: "{=Bucket}", Replaces: []string{"Bucket"}, Untagged: true, Create: 3 * time.Second},
	{
		Name: "AWS::DynamoDB::Table", NameProperty: "TableName", NameMax: 255,
		Attributes: map[string]string{"Arn": "arn:{partition}:dynamodb:{region}:{account}:table/{ref}", "StreamArn": "arn:{partition}:dynamodb:{region}:{account}:table/{ref}/stream/1"},
		Replaces:   []string{"ImportSourceSpecification", "KeySchema", "LocalSecondaryIndexes"}, Conditional: []string{"AttributeDefinitions"},
		Create: 30 * time.Second,
	},
	{
		Name: "AWS::RDS::DBInstance", NameProperty: "DBInstanceIdentifier", NameMax: 63, Lower: true,
		Attributes: map[string]string{
			"Endpoint.Address": "{ref}.{id12}.{region}.rds.amazonaws.com", "Endpoint.Port": "5432", "Endpoint.HostedZoneId": "Z2R2ITUGPM61AM",
			"DBInstanceArn": "arn:{partition}:rds:{region}:{account}:db:{ref}", "DbiResourceId": "db-{id24}",
		},
		Replaces: []string{
			"AvailabilityZone", "CharacterSetName", "DBClusterIdentifier", "DBName", "DBSubnetGroupName", "KmsKeyId", "MasterUsername",
			"Port", "StorageEncrypted", "Timezone",
		},
		Conditional: []string{"DBSnapshotIdentifier", "Engine", "SourceDBInstanceIdentifier"},
		Create:      8 * time.Minute, Update: 6 * time.Minute, Delete: 5 * time.Minute,
	},
	{
		Name: "AWS::EFS::FileSystem", Ref: "fs-{hex17}",
		Attributes: map[string]string{"Arn": "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{ref}", "FileSystemId": "{ref}"},
		Replaces:   []string{"AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"},
		Create:     15 * time.Second,
	},
	{
		Name: "AWS::KMS::Key", Ref: "{hex32}",
		Attributes: map[string]string{"Arn": "arn:{partition}:kms:{region}:{account}:key/{ref}", "KeyId": "{ref}"},
		Replaces:   []string{"Origin"}, Conditional: []string{"KeySpec", "KeyUsage", "MultiRegion"},
		Create: 20 * time.Second,
	},
	{Name: "AWS::KMS::Alias", Ref: "{=AliasName}", NameProperty: "AliasName", NameMax: 256, Untagged: true, Create: 3 * time.Second},
	{
		Name: "AWS::SecretsManager::Secret", NameProperty: "Name", NameMax: 512,
		Ref:        "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{id6}",
		Attributes: map[string]string{"Id": "{ref}"},
		Create:     3 * time.Second,
	},
	{
		Name: "AWS::SSM::Parameter", NameProperty: "Name", NameMax: 1011,
		Attributes: map[string]string{"Type": "{=Type}", "Value": "{=Value}"},
		Create:     2 * time.Second,
	},
	{
		Name: "AWS::SQS::Queue", NameProperty: "QueueName", NameMax: 80,
		Ref:        "https://sqs.{region}.amazonaws.com/{account}/{name}",
		Attributes: map[string]string{"Arn": "arn:{partition}:sqs:{region}:{account}:{name}", "QueueName": "{name}", "QueueUrl": "{ref}"},
		Replaces:   []string{"FifoQueue"},
		Create:     60 * time.Second,
	},
}
