# Only for trying this example. A real password comes from TF_VAR_database_password.
database_password = "example"
