internal import Families
internal import Foundation
internal import StepInference
internal import Torch
internal import TorchNN

/// Bytes that are drawn one after the other by the engine of text-synth, or what that takes from memory and nothing else.
struct TextBenchmark {
  private let steps: CausalTransformerSteps
  private let bytes: Int
  /// Nothing but its weights' traffic is read; nil for drawing.
  private let memory: [UInt64]?

  /// - Parameter readsAlone: reads a memory of the weights' size once for each byte.
  init(weights: String, bytes: Int, readsAlone: Bool) throws {
    let file = URL(fileURLWithPath: weights)
    guard let text = try Safetensors.readHeader(of: file).metadata["description"] else {
      throw TensorError("\(weights) is no model of text-synth")
    }
    struct Description: Decodable { var network: CausalTransformer.Configuration }
    let description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
    steps = try CausalTransformerSteps(
      HostWeights(Safetensors(contentsOf: file), name: file.lastPathComponent), description.network)
    self.bytes = bytes
    memory =
      readsAlone ? (0..<steps.trafficPerToken / 8).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 } : nil
  }

  func run() {
    if let memory {
      var sum = SIMD8<UInt64>()
      memory.withUnsafeBytes { raw in
        let vectors = raw.bindMemory(to: SIMD8<UInt64>.self)
        for turn in 0..<bytes {
          for vector in vectors { sum ^= vector }
          sum[turn % 8] &+= 1
        }
      }
      precondition(sum != SIMD8(repeating: 1))
      return
    }
    let global = (0..<steps.configuration.condition).map { Float($0 == 0 ? 1 : 0) }
    let window = ByteWindow(steps, global: global)
    for place in 0..<bytes {
      let logs = window.next
      let noise = KeyedNoise(seed: 0, sample: 0, step: UInt64(place), stream: "bytes")
      window.skip([UInt8(noise.category(logs.map { exp(Double($0)) }))])
    }
  }
}
