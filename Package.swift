// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// libtorch: `LIBTORCH` if set (headers and libraries alike), else what `make deps` installed into `.libtorch/`.
let given = Context.environment["LIBTORCH"] ?? ""
let libtorch = !given.isEmpty ? given : Context.packageDirectory + "/.libtorch/torch"

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

func room(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
    path: "Tests/\(name)Tests", resources: resources, swiftSettings: strict)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
  name: "pipeline",
  products: [
    .executable(name: "pipeline", targets: ["pipeline"]),
    // What `make bench` times; not installed.
    .executable(name: "pipeline-benchmarks", targets: ["Benchmarks"]),
    .library(name: "PipelineKit", targets: ["PipelineKit"]),
    // The seam over libtorch: loaded on first use, never linked, so that the tool starts without libtorch.
    .library(name: "CTorchLibrary", type: .dynamic, targets: ["CTorchLibrary"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    .target(name: "CPNG", path: "Sources/CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(name: "CJPEG", path: "Sources/CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .systemLibrary(
      name: "CSndfile", path: "Sources/CSndfile", pkgConfig: "sndfile",
      providers: [.apt(["libsndfile1-dev"])]),
    .target(name: "CPendingFiles", path: "Sources/CPendingFiles"),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CCairo", path: "Sources/CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(
      name: "CMinizip", path: "Sources/CMinizip", pkgConfig: "minizip",
      providers: [.apt(["libminizip-dev"])]),
    room("Charts", ["CCairo"]),
    tests("Charts", ["MediaIO"]),
    room("MediaIO", ["CPNG", "CJPEG", "CSndfile", "CZlib", "CPendingFiles"]),
    tests("MediaIO", [], resources: [.copy("Fixtures")]),

    .target(name: "CTorch", path: "Sources/CTorch", linkerSettings: [.linkedLibrary("dl")]),
    .target(
      name: "CTorchLibrary", path: "Sources/CTorchLibrary",
      cxxSettings: [
        .headerSearchPath("../CTorch/include"),
        .unsafeFlags([
          "-isystem", "\(libtorch)/include",
          "-isystem", "\(libtorch)/include/torch/csrc/api/include", "-fvisibility=hidden",
        ]),
      ],
      linkerSettings: [
        .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ]),
    room("Torch", ["CMinizip", "CTorch"]),
    // Vector loops are worth nothing unoptimised, and the tests would take minutes.
    .target(name: "CKernels", path: "Sources/CKernels", cSettings: [.unsafeFlags(["-O2"])]),
    room("TorchNN", ["CKernels", "Torch"]),
    room("MediaTensors", ["MediaIO", "Torch"]),
    room("StepInference", ["CKernels", "TorchNN", "Torch"]),
    room("Conditioners", ["TorchNN", "Torch", "MediaTensors"]),
    room("Samplers", ["Torch"]),
    room("Families", ["Conditioners", "Samplers", "StepInference", "TorchNN", "Torch"]),
    room("ModelTraining", ["TorchNN", "Torch", "MediaTensors", "MediaIO", logging]),
    room("ModelEvaluation", ["ModelTraining", "TorchNN", "Torch", "MediaTensors", "MediaIO"]),
    room(
      "PipelineCore",
      [
        "Charts", "MediaTensors", "MediaIO", "Torch", "Yams", logging,
        .product(name: "Crypto", package: "swift-crypto"),
      ]
    ),
    room(
      "SuperResolutionTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "TorchNN",
        "Torch", "MediaTensors", "MediaIO", logging,
      ], path: "Sources/Tasks/SuperResolution"),
    room(
      "ClassImageTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "StepInference",
        "TorchNN", "Torch", "MediaTensors", "MediaIO", logging,
      ], path: "Sources/Tasks/ClassImage"),
    room(
      "AudioSynthTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "StepInference",
        "TorchNN", "Torch", "MediaTensors", "MediaIO", logging,
      ], path: "Sources/Tasks/AudioSynth"),
    room(
      "TextToImageTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "TorchNN", "Torch",
        "MediaTensors", "MediaIO", "Charts", logging,
      ], path: "Sources/Tasks/TextToImage"),
    room(
      "ImitationTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "StepInference",
        "TorchNN", "Torch", "MediaIO", "Charts", logging, .product(name: "SwiftCSV", package: "SwiftCSV"),
      ], path: "Sources/Tasks/Imitation"),
    room(
      "TextSynthTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "Samplers",
        "StepInference", "TorchNN", "Torch", "MediaIO", logging,
      ], path: "Sources/Tasks/TextSynth"),
    room(
      "GenerativeVersusDiscriminative",
      [
        "ClassImageTask", "PipelineCore", "ModelEvaluation", "Torch", "MediaTensors", "MediaIO", "Charts",
        logging, .product(name: "SwiftCSV", package: "SwiftCSV"),
      ], path: "Sources/Studies/GenerativeVersusDiscriminative"),
    room(
      "PipelineKit",
      [
        "GenerativeVersusDiscriminative", "SuperResolutionTask", "ClassImageTask", "AudioSynthTask",
        "TextToImageTask", "ImitationTask", "TextSynthTask", "PipelineCore", "MediaIO",
      ]),
    .executableTarget(
      name: "pipeline",
      dependencies: [
        "PipelineKit", "MediaIO", "Charts", logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/pipeline", swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "ClassImageTask", "SuperResolutionTask", "TextToImageTask", "ImitationTask", "Families",
        "Conditioners",
        "StepInference", "TorchNN",
        "MediaTensors", "MediaIO", "Torch",
      ],
      path: "Sources/Benchmarks",
      swiftSettings: strict),
    // What several rooms' tests share: golden files, comparisons, temporary folders.
    room("TestSupport", ["Torch"], path: "Tests/TestSupport"),
    tests("Torch", ["TestSupport"], resources: [.copy("Golden")]),
    tests("TorchNN", ["Torch", "TestSupport"], resources: [.copy("Golden")]),
    tests("MediaTensors", ["MediaIO", "Torch", "TestSupport"], resources: [.copy("Golden")]),
    tests("ModelTraining", ["TorchNN", "Torch", "TestSupport", logging]),
    tests("StepInference", ["CKernels", "TorchNN", "Torch", "TestSupport"]),
    tests("Samplers", ["Torch", "TestSupport"]),
    tests(
      "Families", ["Conditioners", "Samplers", "StepInference", "TorchNN", "Torch", "TestSupport"],
      resources: [.copy("Golden")]),
    tests(
      "ClassImageTask",
      [
        "PipelineCore", "ModelEvaluation", "Families", "Conditioners", "TorchNN", "MediaTensors", "MediaIO",
        "Torch", "TestSupport", logging,
      ]),
    tests(
      "AudioSynthTask",
      [
        "PipelineCore", "Conditioners", "StepInference", "MediaTensors", "MediaIO", "Torch", "TestSupport",
        logging,
      ]),
    tests(
      "TextToImageTask",
      [
        "PipelineCore", "Conditioners", "Families", "TorchNN", "MediaTensors", "MediaIO", "Charts", "Torch",
        "TestSupport", logging,
      ]),
    tests(
      "ImitationTask",
      [
        "PipelineCore", "Conditioners", "Families", "StepInference", "TorchNN", "MediaIO", "Torch",
        "TestSupport", logging,
      ], resources: [.copy("Golden")]),
    tests(
      "TextSynthTask",
      ["PipelineCore", "Conditioners", "Families", "TorchNN", "Torch", "TestSupport", logging]),
    tests("ModelEvaluation", ["Torch", "TestSupport"], resources: [.copy("Golden")]),
    tests(
      "GenerativeVersusDiscriminative",
      ["ClassImageTask", "PipelineCore", "MediaTensors", "MediaIO", "Torch", "TestSupport", logging],
      resources: [.copy("Golden")]),
    tests(
      "SuperResolutionTask",
      [
        "PipelineCore", "ModelEvaluation", "ModelTraining", "Families", "Conditioners", "TorchNN",
        "MediaTensors",
        "MediaIO", "Torch", "TestSupport", logging,
      ],
      resources: [.copy("Golden")]),
    tests("PipelineCore", ["MediaIO", "Torch"]),
    tests("pipeline", ["PipelineKit", "MediaTensors", "MediaIO"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
