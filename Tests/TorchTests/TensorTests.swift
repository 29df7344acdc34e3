import Foundation
import TestSupport
import Testing
import Torch

/// Making tensors, reading them back, changing them in place, and what is said when any of it goes wrong.
struct TensorTests {
  @Test func creation() throws {
    #expect(try Tensor.zeros([2, 3]).elements(Float.self) == [Float](repeating: 0, count: 6))
    #expect(try Tensor.full([2], 7, .int32).elements(Int32.self) == [7, 7])
    #expect(try Tensor.range(1, 2, step: 0.25).elements(Float.self) == [1, 1.25, 1.5, 1.75])
    #expect(try Tensor.range(0, 3, .int64).elements(Int64.self) == [0, 1, 2])
    let scalar = try Tensor([2.5], shape: [])
    #expect((scalar.rank, scalar.count, scalar.dtype, scalar.device) == (0, 1, .float64, .cpu))
    #expect(try scalar.scalar() == 2.5)
    let empty = try Tensor([] as [Float], shape: [0, 4])
    #expect(try empty.elements(Float.self) == [])
    #expect(try empty.hostArray().shape == [0, 4])
    let like = try Tensor([1, 2] as [Int64], shape: [2]).zerosLike()
    #expect(like.dtype == .int64 && like.shape == [2])
    #expect("\(scalar)" == "Tensor(float64, [], cpu)")
  }

  @Test func conversion() throws {
    let x = try Tensor([0, 1.6, -1.6, 255] as [Float], shape: [4])
    #expect(try x.to(.int32).elements(Int32.self) == [0, 1, -1, 255])
    #expect(try x.to(.float64).elements(Double.self).map(Float.init) == [0, 1.6, -1.6, 255])
    #expect(try x.to(.bfloat16).floats() == [0, 1.6015625, -1.6015625, 255])
    #expect(try x.to(.float32) === x)
    #expect(try x.to(device: .cpu) === x)
  }

  @Test func readingStridedMemory() throws {
    let x = try Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3])
    #expect(try x.permuted([1, 0]).elements(Float.self) == [0, 3, 1, 4, 2, 5])
    #expect(try x.narrow(1, start: 1, length: 2).elements(Float.self) == [1, 2, 4, 5])
    let cube = try Tensor.range(0, 8).reshaped([1, 2, 2, 2])
    #expect(try cube.contiguous(.channelsLast).elements(Float.self) == [0, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test func inPlace() throws {
    let x = try Tensor.zeros([2, 2])
    try x.add_(.full([2, 2], 3), scale: 2)
    #expect(try x.floats() == [6, 6, 6, 6])
    try x.mul_(0.5)
    try x.lerp_(.full([2, 2], 7), weight: 0.25)
    #expect(try x.floats() == [4, 4, 4, 4])
    try x.narrow(0, start: 1, length: 1).copy_(Tensor([8, 9] as [Int32], shape: [2]))
    #expect(try x.floats() == [4, 4, 8, 9])
    let copy = try x.cloned()
    try copy.mul_(0)
    #expect(try x.floats() == [4, 4, 8, 9])
  }

  @Test(arguments: DType.allCases) func hostArraysComeBack(_ dtype: DType) throws {
    let bytes = Data((0..<6 * dtype.size).map { dtype == .bool ? UInt8($0 & 1) : UInt8($0 * 7 & 63) })
    let array = try HostArray(dtype: dtype, shape: [3, 2], bytes: bytes)
    let tensor = try Tensor(array)
    #expect(tensor.dtype == dtype && tensor.shape == [3, 2])
    #expect(try tensor.hostArray() == array)
    let turned = try tensor.permuted([1, 0]).permuted([1, 0]).hostArray()
    #expect(turned == array)
  }

  @Test func sliceOfAFile() throws {
    let file = Data([9, 9, 9]) + [1, 2, 3, 4].withUnsafeBytes { Data($0) }
    let array = try HostArray(dtype: .int64, shape: [4], bytes: file[3...])
    #expect(try Tensor(array).elements(Int64.self) == [1, 2, 3, 4])
  }

  // MARK: - Errors

  private func message(_ body: () throws -> Void) throws -> String {
    let error = try #require(throws: TensorError.self, performing: body)
    #expect(!error.description.contains("\n"))
    return error.description
  }

  @Test func errorsNameOperatorAndShapes() throws {
    let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
    var text = try message { _ = try a + b }
    #expect(text.hasPrefix("aten::add.Tensor on [2, 3], [4, 5]: "))
    text = try message { _ = try Tensor.cat([a, b], axis: 0) }
    #expect(text.hasPrefix("aten::cat on [2, 3], [4, 5]: "))
    text = try message { _ = try a.reshaped([4]) }
    #expect(text.hasPrefix("aten::reshape on [2, 3]: ") && text.contains("[4]"))
    text = try message { _ = try Tensor.zeros([-1]) }
    #expect(text.hasPrefix("aten::zeros: "))
  }

  @Test func unknownOperatorsAndTooManyArguments() throws {
    let misspelt = Operator("aten::addd")
    #expect(try message { try misspelt([]) }.contains("aten::addd"))
    let overload = Operator("aten::add", "Nonsense")
    #expect(try message { try overload([]) }.contains("aten::add.Nonsense"))
    let relu = Operator("aten::relu")
    let x = try Tensor.zeros([1])
    #expect(try message { try relu([.tensor(x), .int(1), .int(2)]) }.contains("takes 1 arguments, not 3"))
    // An argument that is missing, or of another type than the schema's.
    #expect(try message { try relu([]) }.contains("aten::relu"))
    #expect(try message { try relu([.string("x")]) }.contains("aten::relu"))
  }

  @Test func wrongCountsAndTypes() throws {
    #expect(try message { _ = try Tensor([1, 2] as [Float], shape: [3]) }.contains("[3]"))
    let x = try Tensor.zeros([2])
    #expect(
      try message { _ = try x.elements(Double.self) }
        == "elements are float32, not float64; convert with to(_:) first")
    #expect(try message { _ = try x.scalar() } == "a tensor of shape [2] is not a scalar")
  }

  @Test func devices() throws {
    #expect(try Device("cpu") == .cpu)
    for name in ["tpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:0:1", "CPU"] {
      let text = try message { _ = try Device(name) }
      #expect(text == "device '\(name)' is not known; 'cpu', 'cuda' or 'cuda:N' would be right")
    }
    if try Libtorch.cudaDeviceCount() == 0 {
      let text = try message { _ = try Device("cuda") }
      #expect(text.hasPrefix("device 'cuda' is not here: this libtorch sees no CUDA device; use 'cpu'"))
      // Asked for without the name's check, libtorch itself refuses.
      #expect(try message { _ = try Tensor.zeros([1], device: .cuda(0)) }.hasPrefix("aten::zeros: "))
    }
    #expect(try message { _ = try Device("cuda:99") }.hasPrefix("device 'cuda:99' is not here"))
    #expect("\(Device.cuda(1))" == "cuda:1")
  }
}
