module orchflow.example/trace

go 1.19
