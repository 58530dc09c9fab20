module parcel.example/services/tracking

go 1.26

require parcel.example/libs/money v0.0.0

replace parcel.example/libs/money => ../../libs/money
