// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "embed",
  dependencies: [.package(name: "pipeline", path: "../..")],
  targets: [
    .executableTarget(
      name: "upscale-folder",
      dependencies: [
        .product(name: "PipelineKit", package: "pipeline"),
        // The seam over libtorch.
        .product(name: "CTorchLibrary", package: "pipeline"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
