-- CloudTrail's log files as a table, for aws-credentials.sql: AWS's own definition, and `sourceidentity`, which that
-- leaves out. https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
-- Put the trail's bucket, the account and the region in, twice.
CREATE EXTERNAL TABLE cloudtrail_logs (
  eventversion string,
  useridentity struct<
    type:string,
    principalid:string,
    arn:string,
    accountid:string,
    accesskeyid:string,
    sessioncontext:struct<
      sourceidentity:string,
      sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>>>,
  eventtime string,
  eventsource string,
  eventname string,
  awsregion string,
  sourceipaddress string,
  useragent string,
  errorcode string,
  errormessage string,
  requestparameters string,
  requestid string,
  eventid string,
  resources array<struct<arn:string,accountid:string,type:string>>,
  readonly string,
  recipientaccountid string
)
PARTITIONED BY (`day` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://TRAIL_BUCKET/AWSLogs/ACCOUNT/CloudTrail/REGION'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2026/01/01,NOW',
  'storage.location.template' = 's3://TRAIL_BUCKET/AWSLogs/ACCOUNT/CloudTrail/REGION/${day}'
);
