module parcel.example/services/billing

go 1.26

require (
	github.com/jackc/pgx/v5 v5.7.5
	parcel.example/libs/money v0.0.0
)

require golang.org/x/sync v0.24.0 // indirect
