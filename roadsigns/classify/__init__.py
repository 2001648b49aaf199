"""Many pictures to a folder of Parquet files, on one machine's cores or on a cluster, by Ray Data."""
