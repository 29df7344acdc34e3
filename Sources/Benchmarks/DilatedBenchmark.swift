internal import StepInference
internal import Torch
internal import TorchNN

/// Draws sound sample after sample with random weights, on one core: WaveNet of 30 blocks, three times the dilations 1 … 512,
/// 64 channels, 256 in the output layers, 256 levels.
struct DilatedBenchmark {
  static let samples = 4000
  private let steps: DilatedSteps
  private let stepper: DilatedStepper
  private let conditions: [Float]
  private let uniforms: [Float]
  private let productsAlone: Bool

  /// - Parameters:
  ///   - precision: `float32` or `int8`.
  ///   - productsAlone: times the matrix products and nothing else.
  init(precision: String, productsAlone: Bool) throws {
    let network = try DilatedCausalNetwork(
      .init(
        channels: 64, dilations: (0..<3).flatMap { _ in (0..<10).map { 1 << $0 } }, skip: 256, features: 1,
        condition: 16, hop: Self.samples))
    try network.initialize(seed: 1)
    let ranges = DilatedRanges(inputs: [Float](repeating: 2, count: 30), skip: 4, hidden: 4)
    steps = try DilatedSteps(network, precision: precision == "int8" ? .int8(ranges) : .float32)
    stepper = DilatedStepper(steps, silence: 128)
    conditions = try steps.conditions([[1]])
    uniforms = KeyedNoise(seed: 1, sample: 0, step: 0).uniform(count: Self.samples)
    self.productsAlone = productsAlone
  }

  func draw() {
    if productsAlone { return stepper.productsAlone(Self.samples) }
    _ = stepper.draw(conditions[...], uniforms: uniforms)
  }
}
