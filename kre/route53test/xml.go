package route53test

import "encoding/xml"

// timeFormat is that of all times on the wire.
const timeFormat = "2006-01-02T15:04:05.000Z"

type errorResponse struct {
	XMLName   xml.Name  `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ErrorResponse"`
	Error     errorBody `xml:"Error"`
	RequestID string    `xml:"RequestId"`
}

type errorBody struct{ Type, Code, Message string }

type changeInfo struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt string
	Comment     string `xml:",omitempty"`
}

type getChangeResponse struct {
	XMLName    xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ GetChangeResponse"`
	ChangeInfo changeInfo
}

type zoneConfig struct {
	Comment     string `xml:",omitempty"`
	PrivateZone bool
}

type zoneVPC struct {
	Region string `xml:"VPCRegion"`
	ID     string `xml:"VPCId"`
}

type zoneXML struct {
	ID                     string `xml:"Id"`
	Name                   string
	CallerReference        string
	Config                 zoneConfig
	ResourceRecordSetCount int
}

type delegationSet struct {
	NameServers []string `xml:"NameServers>NameServer"`
}

type createZoneRequest struct {
	Name             string
	CallerReference  string
	DelegationSetID  string     `xml:"DelegationSetId"`
	HostedZoneConfig zoneConfig `xml:"HostedZoneConfig"`
	VPC              *zoneVPC
}

type createZoneResponse struct {
	XMLName       xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ CreateHostedZoneResponse"`
	HostedZone    zoneXML
	ChangeInfo    changeInfo
	DelegationSet *delegationSet `xml:",omitempty"`
	VPC           *zoneVPC       `xml:",omitempty"`
}

type getZoneResponse struct {
	XMLName       xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ GetHostedZoneResponse"`
	HostedZone    zoneXML
	DelegationSet *delegationSet `xml:",omitempty"`
	VPCs          []zoneVPC      `xml:"VPCs>VPC,omitempty"`
}

type deleteZoneResponse struct {
	XMLName    xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ DeleteHostedZoneResponse"`
	ChangeInfo changeInfo
}

type updateCommentRequest struct{ Comment string }

type updateCommentResponse struct {
	XMLName    xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ UpdateHostedZoneCommentResponse"`
	HostedZone zoneXML
}

type listZonesResponse struct {
	XMLName     xml.Name  `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListHostedZonesResponse"`
	HostedZones []zoneXML `xml:"HostedZones>HostedZone"`
	Marker      string    `xml:",omitempty"`
	IsTruncated bool
	NextMarker  string `xml:",omitempty"`
	MaxItems    int
}

type listByNameResponse struct {
	XMLName          xml.Name  `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListHostedZonesByNameResponse"`
	HostedZones      []zoneXML `xml:"HostedZones>HostedZone"`
	DNSName          string    `xml:",omitempty"`
	HostedZoneID     string    `xml:"HostedZoneId,omitempty"`
	IsTruncated      bool
	NextDNSName      string `xml:",omitempty"`
	NextHostedZoneID string `xml:"NextHostedZoneId,omitempty"`
	MaxItems         int
}

type countZonesResponse struct {
	XMLName         xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ GetHostedZoneCountResponse"`
	HostedZoneCount int
}

type aliasTarget struct {
	HostedZoneID         string `xml:"HostedZoneId"`
	DNSName              string
	EvaluateTargetHealth bool
}

type recordValue struct{ Value string }

// unknown is what a request has and the Cloud does not.
type unknown struct{ XMLName xml.Name }

type recordSet struct {
	Name             string
	Type             string
	SetIdentifier    string        `xml:",omitempty"`
	Weight           *int64        `xml:",omitempty"`
	Region           string        `xml:",omitempty"`
	Failover         string        `xml:",omitempty"`
	MultiValueAnswer *bool         `xml:",omitempty"`
	TTL              *int64        `xml:",omitempty"`
	ResourceRecords  []recordValue `xml:"ResourceRecords>ResourceRecord,omitempty"`
	AliasTarget      *aliasTarget  `xml:",omitempty"`
	Unknown          []unknown     `xml:",any"`
}

type recordChange struct {
	Action            string
	ResourceRecordSet recordSet
}

type changeRecordsRequest struct {
	Comment string         `xml:"ChangeBatch>Comment"`
	Changes []recordChange `xml:"ChangeBatch>Changes>Change"`
}

type changeRecordsResponse struct {
	XMLName    xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeResourceRecordSetsResponse"`
	ChangeInfo changeInfo
}

type listRecordsResponse struct {
	XMLName              xml.Name    `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListResourceRecordSetsResponse"`
	ResourceRecordSets   []recordSet `xml:"ResourceRecordSets>ResourceRecordSet"`
	IsTruncated          bool
	MaxItems             int
	NextRecordName       string `xml:",omitempty"`
	NextRecordType       string `xml:",omitempty"`
	NextRecordIdentifier string `xml:",omitempty"`
}

type tag struct{ Key, Value string }

type changeTagsRequest struct {
	AddTags       []tag    `xml:"AddTags>Tag"`
	RemoveTagKeys []string `xml:"RemoveTagKeys>Key"`
}

type changeTagsResponse struct {
	XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeTagsForResourceResponse"`
}

type tagSet struct {
	ResourceType string
	ResourceID   string `xml:"ResourceId"`
	Tags         []tag  `xml:"Tags>Tag"`
}

type listTagsResponse struct {
	XMLName        xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListTagsForResourceResponse"`
	ResourceTagSet tagSet
}

type listTagsOfSeveralRequest struct {
	ResourceIDs []string `xml:"ResourceIds>ResourceId"`
}

type listTagsOfSeveralResponse struct {
	XMLName         xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListTagsForResourcesResponse"`
	ResourceTagSets []tagSet `xml:"ResourceTagSets>ResourceTagSet"`
}
