module parcel.example/libs/money

go 1.26
